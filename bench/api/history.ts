import { Client } from 'pg'
import { canonicalJson, digestOf, digestOfValue, type TenantId } from '../../src/kernel/index.ts'
import { outputsOf, stepIds, tools, workflow } from './sample-run.ts'

export interface History {
  /** Address of the database, as the owner of the schema. */
  readonly url: string
  /** Tenants with the principals that ask for work in each, and how many runs each of them has. */
  readonly tenants: readonly {
    readonly id: TenantId
    readonly requesters: readonly string[]
    readonly runs: number
  }[]
  /** Only these tables, in place of all. */
  readonly tables?: readonly string[]
}

/** Of a tenant; the last one was an hour ago. */
const runsPerDay = 450
const projects = 8
const repositories = 50
const variants = 10
/** Records of the audit log that are chained in one call. */
const chained = 10_000

/** Names of the outcomes that end a run in each way. */
const outcomes = ['delivered', 'rejected', 'escalated'] as const

/**
 * Writes what so many runs would have left behind: their steps, attempts and events, what was asked, decided, done, spent
 * and recorded. The schema is that of the migrations, with all of its constraints and the functions of its own that chain
 * the audit log; only row-level security is lifted for its owner while it writes.
 */
export async function writeHistory({ url, tenants, tables }: History): Promise<void> {
  const statements = allStatements.filter(([table]) => tables?.includes(table) ?? true)
  const client = new Client({ connectionString: url, ssl: false })
  await client.connect()
  const force = async (mode: 'force' | 'no force'): Promise<void> => {
    for (const table of new Set(['blobs', ...statements.map(([name]) => name)]))
      await client.query(`alter table ${table} ${mode} row level security`)
  }
  try {
    await client.query(
      `set synchronous_commit = off; set work_mem = '128MB'; set maintenance_work_mem = '256MB'`,
    )
    await force('no force')
    for (const { id, requesters, runs } of tenants) {
      await client.query(`select set_config('atelier.tenant_id', $1, false)`, [id])
      await planRuns(client, id, requesters, runs)
      await writeBlobs(client, id)
      for (const [, statement] of statements) await client.query(statement)
      if (tables === undefined) await chainRecords(client)
      await client.query('drop table planned')
    }
    await force('force')
    await client.query('vacuum (analyze)')
  } finally {
    await client.end()
  }
}

/** One row for each run with what the other rows follow from; how a run went is scattered, open ones are the newest. */
async function planRuns(
  client: Client,
  tenant: TenantId,
  requesters: readonly string[],
  runs: number,
): Promise<void> {
  await client.query(
    `create temp table planned as
     with drawn as (
       select i, (i % 100) * 19 % 100 as lot, i > $3 - least($3 / 2, greatest(130, $3 / 200)) as recent,
              now() - interval '1 hour' - ($3 - i) * (interval '1 day' / ${runsPerDay}) as created_at
       from generate_series(1, $3::int) i
     ), placed as (
       select *, lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0') || lpad(to_hex(i), 14, '0') as tail,
         case when recent and lot < 40 then 'waiting' when recent and lot < 60 then 'running'
              when lot < 72 then 'delivered' when lot < 81 then 'escalated' when lot < 90 then 'failed'
              when lot < 96 then 'rejected' else 'cancelled' end as course
       from drawn
     )
     select i, $1::text as tenant_id, 'run_' || tail as run_id, 'work_' || tail as work_id, created_at, course,
       created_at + (60 + lot * 30) * interval '1 second' as ended_at,
       ($2::text[])[1 + (i * 31) % cardinality($2::text[])] as requester,
       case when i % ${projects} = 0 then 'default' else 'project-' || i % ${projects} end as project,
       '/srv/git/shop-' || (i % ${repositories}) * (i % ${repositories}) % ${repositories} || '.git' as repository,
       (array['Refuse', 'Round', 'Report', 'Sort', 'Escape'])[1 + i % 5] || ' '
         || (array['amounts', 'bookings', 'invoices', 'addresses'])[1 + (i / 5) % 4] || ' of order ' || i as title,
       case course when 'delivered' then 10 when 'rejected' then 9 when 'escalated' then 5 when 'failed' then 4
                   when 'cancelled' then 3 when 'waiting' then 8 else 4 end as done,
       case course when 'failed' then 'failed' when 'cancelled' then 'cancelled' when 'waiting' then 'waiting'
                   when 'running' then 'running' else 'skipped' end as last_status,
       case course when 'waiting' then 'pending' when 'running' then 'pending' when 'failed' then 'cancelled'
                   when 'cancelled' then 'cancelled' else 'skipped' end as rest_status,
       case when course in ('delivered', 'rejected', 'escalated') then 'succeeded' else course end as status,
       null::text as inputs, null::text as inputs_digest
     from placed`,
    [tenant, requesters, runs],
  )
  await client.query(`update planned set inputs = json_build_object('workItem', json_build_object('id', work_id, 'title', title,
    'body', 'What was seen: ' || repeat(title || '. ', 10), 'source', 'api', 'reporter', requester,
    'repository', json_build_object('location', repository), 'task', json_build_object('kind', 'format', 'paths', '[]'::json),
    'labels', '[]'::json, 'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text`)
  await client.query(
    `update planned set inputs_digest = 'sha256:' || encode(sha256(convert_to(inputs, 'UTF8')), 'hex')`,
  )
  await client.query('analyze planned')
}

/** Contents that many runs share. */
async function writeBlobs(client: Client, tenant: TenantId): Promise<void> {
  const contents = [
    ...Array.from({ length: variants }, (_, variant) => Object.values(outputsOf(variant))).flat(),
    workflow,
    ...outcomes.map((outcome) => ({ outcome })),
  ].map(canonicalJson)
  await client.query(
    `insert into blobs (tenant_id, digest, media_type, content)
     select $1, digest, 'application/json', convert_to(content, 'UTF8')
     from unnest($2::text[], $3::text[]) as blob (digest, content) on conflict do nothing`,
    [tenant, contents.map(digestOf), contents],
  )
  await client.query('create temp table if not exists outputs (step_id text, variant int, digest text)')
  await client.query('truncate outputs')
  for (let variant = 0; variant < variants; variant += 1)
    for (const [id, output] of Object.entries(outputsOf(variant)))
      await client.query('insert into outputs values ($1, $2, $3)', [id, variant, digestOfValue(output)])
  await client.query('analyze outputs')
}

const definition = quoted(digestOfValue(workflow))
const resultDigest = `case course ${outcomes
  .map((outcome) => `when '${outcome}' then ${quoted(digestOfValue({ outcome }))}`)
  .join(' ')} end`
const failure = quoted(
  JSON.stringify({
    code: 'ATL_TESTS_CRASHED',
    message: 'The test runner ended without a result',
    remedy: 'Run the tests by hand.',
    retryable: false,
    details: {},
  }),
)
/** Steps with their places, from 1. */
const steps = `unnest(array[${stepIds.map(quoted).join(', ')}]) with ordinality as step (id, place)`
/** Each step of each run, with how it stands and when it was done. */
const stepsOfRuns = `(
  select planned.*, step.id as step_id, step.place,
    case when step.place <= done then 'succeeded' when step.place = done + 1 then last_status else rest_status end as step_status,
    planned.created_at + (step.place * 6 - 5) * interval '1 second' as step_started,
    planned.created_at + step.place * 6 * interval '1 second' as step_ended
  from planned, ${steps}) as performed`
const toolOf = `(case step_id ${Object.entries(tools)
  .map(([id, tool]) => `when '${id}' then '${tool}'`)
  .join(' ')} end)`
/** Steps that acted, with the figures of their acts. */
const actsOfRuns = `(select *, run_id || ':' || step_id as act_key, ${toolOf} as tool,
    case when step_id = 'change' then 2000 + i % 5000 else 0 end as money,
    case when step_id = 'change' then 900 + i % 700 else 0 end as tokens
  from ${stepsOfRuns}
  where ${toolOf} is not null and step_status in ('succeeded', 'failed', 'running')) as act`

/** By the table that each of them fills, in the order of what refers to what. */
const allStatements: readonly (readonly [table: string, statement: string])[] = [
  [
    'projects',
    `insert into projects (tenant_id, id, principal_id, name)
   select tenant_id, project, 'person:owner', project from planned group by 1, 2 on conflict do nothing`,
  ],
  [
    'work_items',
    `insert into work_items (tenant_id, id, principal_id, project_id, title, body, source, repository, created_at)
   select tenant_id, work_id, requester, project, title, repeat(title || '. ', 10), 'api',
     jsonb_build_object('location', repository), created_at - interval '5 milliseconds' from planned`,
  ],
  [
    'blobs',
    `insert into blobs (tenant_id, digest, media_type, content)
   select tenant_id, inputs_digest, 'application/json', convert_to(inputs, 'UTF8') from planned`,
  ],
  [
    'workflow_versions',
    `insert into workflow_versions (tenant_id, digest, name, version, state, principal_id, created_at)
   select current_setting('atelier.tenant_id'), ${definition}, 'tidy', 1, 'approved', 'person:owner', now()`,
  ],
  [
    'runs',
    `insert into runs (tenant_id, run_id, principal_id, workflow, workflow_version, definition_digest, plan_digest,
     plan_version, phase, outcome, status, inputs_digest, result_digest, error, labels, depth, revision, last_sequence,
     created_at, ended_at)
   select tenant_id, run_id, requester, 'tidy', 1, ${definition}, ${definition}, 1,
     case when status in ('waiting', 'running') then 'forward' else 'ended' end,
     case when status in ('failed', 'cancelled') then status end, status, inputs_digest, ${resultDigest},
     case when status = 'failed' then ${failure}::jsonb end, '{}', 0, 20, 2 + 3 * done + (done < 10)::int, created_at,
     case when status not in ('waiting', 'running') then ended_at end
   from planned`,
  ],
  [
    'run_plans',
    `insert into run_plans (tenant_id, run_id, version, digest, reason, principal_id, created_at)
   select tenant_id, run_id, 1, ${definition}, 'started', requester, created_at from planned`,
  ],
  [
    'run_steps',
    `insert into run_steps (tenant_id, run_id, step_id, item_index, role, status, attempt, tries, takes, cycle, output_digest,
     error, waiting, started_at, ended_at)
   select tenant_id, run_id, performed.step_id, -1, 'forward', step_status, (place <= done + 1)::int, 1, 1, 0,
     case when place <= done then outputs.digest end, case when step_status = 'failed' then ${failure}::jsonb end,
     case when step_status = 'waiting' then '{"reason": "a person decides", "payload": null}'::jsonb end,
     case when place <= done + 1 and step_status <> 'skipped' then step_started end,
     case when step_status not in ('waiting', 'running', 'pending') then step_ended end
   from ${stepsOfRuns} join outputs on outputs.step_id = performed.step_id and outputs.variant = i % ${variants}`,
  ],
  [
    'step_attempts',
    `insert into step_attempts (tenant_id, run_id, step_id, item_index, role, attempt, take, executor_id, outcome, error,
     started_at, ended_at)
   select tenant_id, run_id, step_id, -1, 'forward', 1, 1, 'bench', step_status,
     case when step_status = 'failed' then ${failure}::jsonb end, step_started, step_ended
   from ${stepsOfRuns} where step_status in ('succeeded', 'failed')`,
  ],
  [
    'run_events',
    `insert into run_events (tenant_id, run_id, sequence, at, kind, step_id, data)
   select tenant_id, run_id, 1, created_at, 'run-started', null, '{}'::jsonb from planned
   union all
   select tenant_id, run_id, 1 + (place - 1) * 3 + part, step_started + part * interval '1 second',
     (array['step-started', 'log', 'step-ended'])[part], step_id,
     case part when 1 then '{"attempt": 1}'::jsonb when 2 then jsonb_build_object('line', 'doing ' || step_id)
               else '{"status": "succeeded"}'::jsonb end
   from ${stepsOfRuns}, generate_series(1, 3) part where place <= done
   union all
   select tenant_id, run_id, 2 + done * 3, created_at + (done * 6 + 1) * interval '1 second', 'step-started',
     (array[${stepIds.map(quoted).join(', ')}])[done + 1], '{"attempt": 1}' from planned where done < 10
   union all
   select tenant_id, run_id, 2 + done * 3 + (done < 10)::int, ended_at, 'run-ended', null,
     jsonb_build_object('status', status) from planned where status not in ('waiting', 'running')`,
  ],
  [
    'mandates',
    `insert into mandates (tenant_id, run_id, project_id, principal_id, repository, opened_at, closed_at)
   select tenant_id, run_id, project, requester, repository, created_at,
     case when status not in ('waiting', 'running') then ended_at end from planned`,
  ],
  [
    'approval_requests',
    `insert into approval_requests (tenant_id, id, run_id, project_id, step_id, subject, subject_digest, question, needed,
     principal_id, status, requested_at, expires_at, decided_at)
   select tenant_id, 'apr' || substr(run_id, 4), run_id, project, 'approval', subject,
     'sha256:' || encode(sha256(convert_to(subject::text, 'UTF8')), 'hex'), '{}', 1, 'service:studio',
     case course when 'delivered' then 'approved' when 'rejected' then 'rejected' else 'pending' end,
     created_at + interval '50 seconds', created_at + interval '7 days',
     case when course <> 'waiting' then ended_at end
   from planned, jsonb_build_object('plan', ${definition}, 'tree', repeat((i % ${variants})::text, 40), 'policySet',
     ${definition}, 'evidence', inputs_digest) subject
   where course in ('delivered', 'rejected', 'waiting')`,
  ],
  [
    'approval_decisions',
    `insert into approval_decisions (tenant_id, request_id, principal_id, verdict, reason, subject_digest, decided_at)
   select tenant_id, id, 'person:owner', status, 'as asked', subject_digest, decided_at from approval_requests
   where tenant_id = current_setting('atelier.tenant_id') and decided_at is not null`,
  ],
  [
    'decisions',
    `insert into decisions (tenant_id, run_id, act_key, principal_id, action, resource, request, decision, policies, policy_set,
     input_digest, errors, decided_at)
   select tenant_id, run_id, act_key, 'service:studio', 'use-tool', 'tool:' || tool, '{}', 'allow',
     '{studio/prepares}', ${definition}, inputs_digest, '{}', step_started from ${actsOfRuns}`,
  ],
  [
    'acts',
    `insert into acts (tenant_id, key, run_id, project_id, step_id, tool, effect, principal_id, on_behalf_of, resource, state,
     attempt, input_digest, output_digest, decision_id, redactions, recovered, money, tokens, tool_calls, seconds, trace_id,
     started_at, ended_at, created_at)
   select act.tenant_id, act.act_key, act.run_id, project, step_id, tool, 'workspace', 'service:studio', requester,
     'run:' || act.run_id, case step_status when 'running' then 'performing' else step_status end, 1, inputs_digest,
     inputs_digest, decisions.id, '{}', false, money, tokens, 1, 5, md5(act.run_id), step_started, step_ended, step_started
   from ${actsOfRuns}
   join decisions on decisions.tenant_id = act.tenant_id and decisions.run_id = act.run_id and decisions.act_key = act.act_key`,
  ],
  [
    'budget_accounts',
    `insert into budget_accounts (tenant_id, level, subject, money_limit, money_spent, tokens_spent, tool_calls_spent,
     seconds_spent)
   select tenant_id, 'run', run_id, 1000000, sum(money), sum(tokens), count(*), count(*) * 5 from ${actsOfRuns} group by 1, 3
   union all
   select tenant_id, 'step', run_id || '/' || step_id, null, money, tokens, 1, 5 from ${actsOfRuns}
   union all
   select tenant_id, 'project', project, null, sum(money), sum(tokens), count(*), count(*) * 5 from ${actsOfRuns} group by 1, 3
   union all
   select tenant_id, 'tenant', tenant_id, null, sum(money), sum(tokens), count(*), count(*) * 5 from ${actsOfRuns} group by 1`,
  ],
  [
    'budget_reservations',
    `insert into budget_reservations (tenant_id, act_key, attempt, project_id, run_id, step_id, money, tokens, tool_calls,
     seconds, state, reserved_at)
   select tenant_id, act_key, 1, project, run_id, step_id, money, tokens, 1, 5, 'settled', step_started from ${actsOfRuns}`,
  ],
  [
    'ledger_entries',
    `insert into ledger_entries (tenant_id, act_key, attempt, project_id, run_id, step_id, kind, money, tokens, tool_calls,
     seconds, at)
   select tenant_id, act_key, 1, project, run_id, step_id, kind, money, tokens, 1, 5,
     case kind when 'reserve' then step_started else step_ended end
   from ${actsOfRuns}, unnest(array['reserve', 'settle']) kind order by i, place, kind`,
  ],
  [
    'model_calls',
    `insert into model_calls (tenant_id, act_key, run_id, project_id, step_id, principal_id, asked_for, model, transport,
     parameters, failed_before, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost,
     duration_ms, started_at)
   select tenant_id, act_key, run_id, project, step_id, 'agent:developer', 'cheap', 'model-' || i % 4, 'translated', '{}', '[]',
     tokens, tokens / 5, 0, 0, 0, money, 900, step_started from ${actsOfRuns} where step_id = 'change'`,
  ],
  [
    'routing_attempts',
    `insert into routing_attempts (tenant_id, run_id, step_id, number, principal_id, tier, difficulty, policy_digest, outcome,
     detail, money, input_tokens, output_tokens, seconds, created_at)
   select tenant_id, run_id, step_id, 1, 'service:studio', 'zero-token', 0.4, ${definition}, 'solved', 'it holds', money,
     tokens, tokens / 5, 5, step_started from ${actsOfRuns} where step_id = 'change'`,
  ],
  [
    'change_comments',
    `insert into change_comments (tenant_id, id, run_id, tree, path, line, side, body, principal_id, created_at)
   select tenant_id, 'cmt' || substr(run_id, 4), run_id, repeat((i % ${variants})::text, 40), 'src/prices.js', 3, 'new',
     'Why here?', 'person:owner', ended_at from planned where i % 10 = 0`,
  ],
]

/** A record for each act, and for the beginning and the end of each run, by the function that the studio uses. */
async function chainRecords(client: Client): Promise<void> {
  const record = (by: string, action: string, resource: string, at: string, key: string): string =>
    `json_build_object('action', ${action}, 'actKey', ${key}, 'detail', '{}'::json, 'digests', json_build_object('input',
       inputs_digest), 'onBehalfOf', requester, 'osUid', null, 'outcome', 'succeeded', 'policies', '[]'::json, 'policySet',
       null, 'principalId', ${by}, 'resource', ${resource}, 'runId', run_id, 'tenantId', tenant_id, 'time',
       to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text as record`
  await client.query(
    `create temp table records as
     select row_number() over (order by at) as number, record from (
       select step_ended as at, ${record(`'service:studio'`, `'tool:' || tool`, `'run:' || run_id`, 'step_ended', 'act_key')}
       from ${actsOfRuns}
       union all
       select created_at, ${record('requester', `'submit-work-item'`, `'run:' || run_id`, 'created_at', 'null')} from planned
       union all
       select ended_at, ${record(`'service:studio'`, `'close-run'`, `'run:' || run_id`, 'ended_at', 'null')} from planned
       where status not in ('waiting', 'running')
     ) as told`,
  )
  await client.query('create unique index on records (number)')
  const { rows } = await client.query<{ count: number }>('select count(*)::int as count from records')
  for (let from = 1; from <= (rows[0]?.count ?? 0); from += chained)
    await client.query(
      `select count(*) from audit_append_many(
         array(select record from records where number >= $1 and number < $2 order by number))`,
      [from, from + chained],
    )
  await client.query('drop table records')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
