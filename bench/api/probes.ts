import type { Client } from 'pg'
import { writeCursor } from '../../src/api/services/cursor.ts'

/** One request, and the statement that a person would ask the database for the same. */
export interface Probe {
  readonly name: string
  readonly kind: 'list' | 'detail' | 'report'
  readonly path: string
  /** `$1` is the tenant. */
  readonly bare: string
  readonly values: readonly unknown[]
}

/** Places in the history to ask for. */
interface Places {
  readonly runId: string
  readonly workItemId: string
  readonly approvalId: string
  readonly requester: string
  readonly repository: string
  readonly project: string
  /** In the middle of the lists. */
  readonly createdAt: Date
  readonly seq: number
  readonly ledgerSeq: number
}

const page = 50
const monthMs = 30 * 86_400_000

/** Every list, with its filters and far into it, and everything that a page shows of one thing. */
export async function probesOf(client: Client, tenant: string): Promise<readonly Probe[]> {
  const places = await findPlaces(client, tenant)
  return [
    ...runLists(places),
    ...runParts(places),
    ...workLists(places),
    ...recordLists(places),
    ...reports(),
  ]
}

async function findPlaces(client: Client, tenant: string): Promise<Places> {
  const { rows } = await client.query<Places>(
    `select runs.run_id as "runId", work_items.id as "workItemId", approval_requests.id as "approvalId",
       runs.principal_id as requester, work_items.location as repository, work_items.project_id as project,
       runs.created_at as "createdAt", (select seq / 2 from audit_heads where tenant_id = $1)::int as seq,
       (select max(seq) from ledger_entries where tenant_id = $1 and run_id = runs.run_id)::int as "ledgerSeq"
     from runs
     join work_items using (tenant_id, run_id)
     join approval_requests using (tenant_id, run_id)
     where runs.tenant_id = $1 and runs.status = 'succeeded'
     order by abs(extract(epoch from runs.created_at - (select min(created_at) + (max(created_at) - min(created_at)) / 2 from runs)))
     limit 1`,
    [tenant],
  )
  const [places] = rows
  if (places === undefined) throw new Error('the history has no run that was decided about')
  return places
}

const runColumns = `runs.* from runs where tenant_id = $1 and parent_run_id is null`
const newest = `order by created_at desc, run_id desc limit ${page + 1}`
const withWork = `runs.* from work_items join runs on runs.tenant_id = work_items.tenant_id
  and runs.run_id = work_items.run_id where work_items.tenant_id = $1 and parent_run_id is null`
const newestWork = `order by work_items.created_at desc, work_items.id desc limit ${page + 1}`

function runLists({ runId, createdAt, requester, repository }: Places): readonly Probe[] {
  const list = (
    name: string,
    query: Readonly<Record<string, string>>,
    bare: string,
    ...values: unknown[]
  ): Probe => ({
    ...{ name: `runs, ${name}`, kind: 'list', bare, values },
    path: `/api/v1/runs?${new URLSearchParams({ limit: String(page), ...query }).toString()}`,
  })
  const after = writeCursor({ time: createdAt.toISOString(), id: runId })
  const behind = `(created_at, run_id) < ($2, $3)`
  return [
    list('newest', {}, `select ${runColumns} ${newest}`),
    list('deep', { after }, `select ${runColumns} and ${behind} ${newest}`, createdAt, runId),
    ...['running', 'waiting', 'succeeded', 'failed', 'cancelled'].map((status) =>
      list(status, { status }, `select ${runColumns} and status = $2 ${newest}`, status),
    ),
    list(
      'failed, deep',
      { status: 'failed', after },
      `select ${runColumns} and ${behind} and status = 'failed' ${newest}`,
      ...[createdAt, runId],
    ),
    ...['delivered', 'escalated', 'rejected'].map((outcome) =>
      list(
        outcome,
        { outcome },
        `select ${runColumns} and status = 'succeeded' and result_digest = (select digest from blobs where tenant_id = $1
           and digest = 'sha256:' || encode(sha256(convert_to('{"outcome":"' || $2 || '"}', 'UTF8')), 'hex')) ${newest}`,
        outcome,
      ),
    ),
    list('of a person', { requester }, `select ${runColumns} and principal_id = $2 ${newest}`, requester),
    list('of a repository', { repository }, `select ${withWork} and location = $2 ${newestWork}`, repository),
    list(
      'failed in a repository',
      { repository, status: 'failed' },
      `select ${withWork} and status = 'failed' and location = $2 ${newestWork}`,
      repository,
    ),
    list(
      'with a word',
      { text: 'invoices' },
      `select ${withWork} and title ilike $2 ${newestWork}`,
      '%invoices%',
    ),
    list(
      'with a rare text',
      { text: 'order 7 ' },
      `select ${withWork} and title ilike $2 ${newestWork}`,
      '%order 7 %',
    ),
  ]
}

function runParts({ runId, approvalId }: Places): readonly Probe[] {
  const part = (name: string, path: string, table: string): Probe => ({
    ...{ name, kind: 'detail', path: `/api/v1/runs/${runId}${path}`, values: [runId] },
    bare: `select * from ${table} where tenant_id = $1 and run_id = $2`,
  })
  return [
    part('run', '', 'run_steps'),
    part('run, plan', '/plan', 'run_plans'),
    part('run, step', '/steps/change', 'step_attempts'),
    part('run, log', '/steps/change/log', 'run_events'),
    part('run, acts', '/acts', 'acts'),
    part('run, trace', '/trace', 'step_attempts'),
    part('run, change', '/change', 'run_steps'),
    part('run, tests', '/tests', 'run_steps'),
    part('run, comments', '/comments', 'change_comments'),
    {
      ...{ name: 'approval', kind: 'detail', path: `/api/v1/approvals/${approvalId}`, values: [approvalId] },
      bare: 'select * from approval_requests where tenant_id = $1 and id = $2',
    },
  ]
}

function workLists({ workItemId, createdAt, approvalId }: Places): readonly Probe[] {
  const after = writeCursor({ time: createdAt.toISOString(), id: workItemId })
  const afterApproval = writeCursor({ time: createdAt.toISOString(), id: approvalId })
  const items = `select * from work_items where tenant_id = $1`
  const approvals = `select * from approval_requests where tenant_id = $1`
  const asked = `order by requested_at desc, id desc limit ${page + 1}`
  const ordered = `order by created_at desc, id desc limit ${page + 1}`
  const pending = `${approvals} and status = 'pending' ${asked}`
  const unhappy = `select * from runs where tenant_id = $1 and status = 'failed' order by ended_at desc, run_id desc limit ${page + 1}`
  const list = (name: string, path: string, bare: string, ...values: unknown[]): Probe => ({
    ...{ name, kind: 'list', path: `/api/v1/${path}`, bare, values },
  })
  return [
    list('work items, newest', `work-items?limit=${page}`, `${items} ${ordered}`),
    list(
      'work items, deep',
      `work-items?limit=${page}&after=${after}`,
      `${items} and (created_at, id) < ($2, $3) ${ordered}`,
      ...[createdAt, workItemId],
    ),
    list(
      'work items, with a word',
      `work-items?limit=${page}&text=invoices`,
      `${items} and title ilike '%invoices%' ${ordered}`,
    ),
    { ...list('work item', `work-items/${workItemId}`, `${items} and id = $2`, workItemId), kind: 'detail' },
    list('inbox', `inbox?limit=${page}`, pending),
    list('inbox, approvals', `inbox?limit=${page}&kind=approval`, pending),
    list('inbox, failures', `inbox?limit=${page}&kind=failure`, unhappy),
    list('inbox, escalations', `inbox?limit=${page}&kind=escalation`, unhappy),
    list('approvals, newest', `approvals?limit=${page}`, `${approvals} ${asked}`),
    list('approvals, pending', `approvals?limit=${page}&status=pending`, pending),
    list(
      'approvals, rejected, deep',
      `approvals?limit=${page}&status=rejected&after=${afterApproval}`,
      `${approvals} and status = 'rejected' and (requested_at, id) < ($2, $3) ${asked}`,
      ...[createdAt, approvalId],
    ),
  ]
}

function recordLists({ seq, requester, runId, project, ledgerSeq }: Places): readonly Probe[] {
  const audit = `select seq, hash, record from audit_log where tenant_id = $1`
  const ledger = `select * from ledger_entries where tenant_id = $1`
  const accounts = `select * from budget_accounts where tenant_id = $1 and level = 'run'`
  const latest = `order by seq desc limit ${page + 1}`
  const last = `order by subject desc limit ${page + 1}`
  const list = (name: string, path: string, bare: string, ...values: unknown[]): Probe => ({
    ...{ name, kind: 'list', path: `/api/v1/${path}`, bare, values },
  })
  const records = `audit/records?limit=${page}`
  const since = new Date(Date.now() - monthMs).toISOString()
  return [
    list('audit, newest', records, `${audit} ${latest}`),
    list('audit, deep', `${records}&after=${seq}`, `${audit} and seq < $2 ${latest}`, seq),
    list('audit, an action', `${records}&action=close-run`, `${audit} and action = 'close-run' ${latest}`),
    list(
      'audit, a person',
      `${records}&principalId=${requester}`,
      `${audit} and principal_id = $2 ${latest}`,
      requester,
    ),
    list('audit, a run', `${records}&runId=${runId}`, `${audit} and run_id = $2 ${latest}`, runId),
    list('audit, since a month', `${records}&since=${since}`, `${audit} ${latest}`),
    {
      ...list('audit record', `audit/records/${seq}`, `${audit} and seq between $2 - 10 and $2 + 10`, seq),
      kind: 'detail',
    },
    list(
      'budgets',
      'budgets',
      `select * from budget_accounts where tenant_id = $1 and level in ('tenant', 'project')`,
    ),
    list('budgets, runs', `budgets/runs?limit=${page}`, `${accounts} ${last}`),
    list(
      'budgets, runs, deep',
      `budgets/runs?limit=${page}&after=${runId}`,
      `${accounts} and subject < $2 ${last}`,
      runId,
    ),
    list(
      'budgets, runs of a project',
      `budgets/runs?limit=${page}&projectId=${project}`,
      `select budget_accounts.* from mandates join budget_accounts on budget_accounts.tenant_id = mandates.tenant_id
         and level = 'run' and subject = mandates.run_id where mandates.tenant_id = $1 and project_id = $2 ${last}`,
      project,
    ),
    list('ledger, newest', `budgets/ledger?limit=${page}`, `${ledger} ${latest}`),
    list(
      'ledger, deep',
      `budgets/ledger?limit=${page}&after=${ledgerSeq}`,
      `${ledger} and seq < $2 ${latest}`,
      ledgerSeq,
    ),
    list(
      'ledger, a run',
      `budgets/ledger?limit=${page}&runId=${runId}`,
      `${ledger} and run_id = $2 ${latest}`,
      runId,
    ),
    list('projects', 'projects', `select * from projects where tenant_id = $1`),
    list('people', 'people', `select * from principals where tenant_id = $1 limit ${page + 1}`),
  ]
}

/** Sums over days; they read what there is of these days, so that they take longer where more was done. */
function reports(): readonly Probe[] {
  const report = (name: string, path: string, bare: string): Probe => ({
    ...{ name, kind: 'report', path, bare, values: [] },
  })
  const settled = `from ledger_entries where tenant_id = $1 and kind = 'settle' and at > now() - interval '30 days'`
  const acted = `from acts where tenant_id = $1 and attempt > 0 and ended_at > now() - interval '30 days'`
  const active = `select status, count(*) from runs where tenant_id = $1 and status in ('running', 'waiting') group by 1`
  return [
    report(
      'burn by project',
      '/api/v1/budgets/burn?by=project&days=30',
      `select project_id, sum(money) ${settled} group by 1`,
    ),
    report(
      'burn by agent',
      '/api/v1/budgets/burn?by=agent&days=30',
      `select principal_id, sum(money) ${acted} group by 1`,
    ),
    report(
      'burn by tool',
      '/api/v1/budgets/burn?by=tool&days=30',
      `select tool, sum(money) ${acted} group by 1`,
    ),
    report(
      'burn by model',
      '/api/v1/budgets/burn?by=model&days=30',
      `select model, sum(cost) from model_calls where tenant_id = $1 and started_at > now() - interval '30 days' group by 1`,
    ),
    report('outlook', '/api/v1/budgets/outlook', `select at::date, sum(money) ${settled} group by 1`),
    report(
      'flow',
      '/api/v1/metrics/flow?days=30',
      `select workflow, status, count(*) from runs where tenant_id = $1 and created_at > now() - interval '30 days' group by 1, 2`,
    ),
    report('exposition', '/metrics', active),
    report('health', '/api/v1/health', active),
    report(
      'routing',
      '/api/v1/routing/report',
      `select tier, count(*), sum(money) from routing_attempts where tenant_id = $1 group by 1`,
    ),
  ]
}
