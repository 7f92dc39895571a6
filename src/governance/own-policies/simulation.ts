import { setImmediate } from 'node:timers/promises'
import type { EffectClass } from '../../contracts/index.ts'
import type { Clock } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import type { TenantScope } from '../audit/index.ts'
import { readRecordedRequest } from '../policy/index.ts'
import type { PolicyDecision, PolicySet } from '../policy/index.ts'

/** What a set of policies says to something that was asked in the past. */
type Verdict = Pick<PolicyDecision, 'decision' | 'policies' | 'errors'>

/** Something that was asked, and that would be answered differently. */
interface ChangedDecision {
  readonly decisionId: number
  /** ISO 8601. */
  readonly at: string
  readonly principalId: string
  readonly action: string
  readonly resource: string
  readonly runId: string | null
  readonly act: {
    readonly key: string
    readonly tool: string
    readonly effect: EffectClass
    readonly stepId: string
    readonly state: string
  } | null
  /** What was decided then, by the policies of then. */
  readonly recorded: Pick<Verdict, 'decision' | 'policies'>
  /** What the policies in force today say. */
  readonly inForce: Verdict
  readonly candidate: Verdict
}

export interface Simulation {
  /** ISO 8601. */
  readonly since: string
  readonly days: number
  /** Decisions that were asked again, and how many of them were different questions. */
  readonly decisions: number
  readonly questions: number
  /** Decisions whose recorded question is not complete or not of this release: nothing is known about these. */
  readonly notReplayed: number
  /** There are older decisions within the days that were not looked at. */
  readonly cutOff: boolean
  /** Acts and questions that were allowed and would be denied; each act counts once, newest first. */
  readonly blocked: { readonly count: number; readonly examples: readonly ChangedDecision[] }
  /** That were denied and would be allowed. */
  readonly permitted: { readonly count: number; readonly examples: readonly ChangedDecision[] }
}

export interface SimulationOptions {
  /** How far to look back. */
  readonly days: number
  /** Most decisions to ask again, from the newest on. */
  readonly mostDecisions: number
}

const pageSize = 2000
const mostExamples = 100
/** Questions answered before others get their turn on this thread; each takes a fraction of a millisecond. */
const questionsAtOnce = 50

interface Page {
  readonly rows: readonly RecordedDecision[]
  readonly requests: ReadonlyMap<string, unknown>
}

interface RecordedDecision {
  readonly id: number
  readonly input_digest: string
  readonly decision: 'allow' | 'deny'
  readonly decided_at: Date
  readonly act_key: string | null
}

interface Answers {
  readonly inForce: Verdict
  readonly candidate: Verdict
}

/**
 * Asks the decisions of the past again. The question of each was recorded whole, with its digest, so what is answered is
 * what would have been decided; a question that does not fit its digest is counted as not replayed. The same question
 * is asked once, however often it was put.
 */
export async function simulate(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  scope: TenantScope,
  sets: { readonly inForce: Pick<PolicySet, 'decide'>; readonly candidate: Pick<PolicySet, 'decide'> },
  { days, mostDecisions }: SimulationOptions,
): Promise<Simulation> {
  const since = new Date(clock.now() - days * 86_400_000)
  const answers = new Map<string, Answers | undefined>()
  const changed = { blocked: new ChangedActs(), permitted: new ChangedActs() }
  let [decisions, notReplayed, before, cutOff] = [0, 0, Number.MAX_SAFE_INTEGER, false]
  for (let done = false; !done;) {
    const limit = Math.min(pageSize, mostDecisions - decisions - notReplayed + 1)
    const page = await database.transaction(scope, (tx) => readPage(tx, scope, before, limit, answers))
    await answerAll(page.requests, sets, answers)
    for (const row of page.rows) {
      if (row.decided_at < since) {
        done = true
        break
      }
      if (decisions + notReplayed === mostDecisions) {
        ;[cutOff, done] = [true, true]
        break
      }
      const answer = answers.get(row.input_digest)
      if (answer === undefined) notReplayed += 1
      else {
        decisions += 1
        if (answer.candidate.decision !== row.decision)
          changed[row.decision === 'allow' ? 'blocked' : 'permitted'].add(row, answer)
      }
    }
    before = page.rows.at(-1)?.id ?? 0
    done ||= page.rows.length < limit
  }
  const [blocked, permitted] = await database.transaction(scope, async (tx) => [
    await changed.blocked.describe(tx, scope),
    await changed.permitted.describe(tx, scope),
  ])
  const questions = [...answers.values()].filter((answer) => answer !== undefined).length
  return { since: since.toISOString(), days, decisions, questions, notReplayed, cutOff, blocked, permitted }
}

/** The next page of decisions, newest first, with the questions among them that have not been answered yet. */
async function readPage(
  tx: Tx,
  { tenantId }: TenantScope,
  before: number,
  limit: number,
  answers: ReadonlyMap<string, unknown>,
): Promise<Page> {
  const rows = await tx
    .selectFrom('decisions')
    .select(['id', 'input_digest', 'decision', 'decided_at', 'act_key'])
    .where('tenant_id', '=', tenantId)
    .where('id', '<', before)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  const unanswered = new Map<string, number>()
  for (const { id, input_digest } of rows) if (!answers.has(input_digest)) unanswered.set(input_digest, id)
  if (unanswered.size === 0) return { rows, requests: new Map() }
  const asked = await tx
    .selectFrom('decisions')
    .select(['input_digest', 'request'])
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', [...unanswered.values()])
    .execute()
  return { rows, requests: new Map(asked.map(({ input_digest, request }) => [input_digest, request])) }
}

async function answerAll(
  requests: Page['requests'],
  {
    inForce,
    candidate,
  }: { readonly inForce: Pick<PolicySet, 'decide'>; readonly candidate: Pick<PolicySet, 'decide'> },
  answers: Map<string, Answers | undefined>,
): Promise<void> {
  let asked = 0
  for (const [digest, recorded] of requests) {
    const request = readRecordedRequest(recorded, digest)
    answers.set(digest, request && { inForce: inForce.decide(request), candidate: candidate.decide(request) })
    asked += 1
    if (asked % questionsAtOnce === 0) await setImmediate()
  }
}

/** Counts what would change, an act once however often it was attempted, and keeps the newest to show. */
class ChangedActs {
  readonly #seen = new Set<string>()
  readonly #examples: { readonly id: number; readonly answer: Answers }[] = []

  add({ id, act_key }: RecordedDecision, answer: Answers): void {
    const key = act_key ?? `decision ${id}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    if (this.#examples.length < mostExamples) this.#examples.push({ id, answer })
  }

  async describe(tx: Tx, { tenantId }: TenantScope): Promise<Simulation['blocked']> {
    const ids = this.#examples.map(({ id }) => id)
    const rows = ids.length === 0 ? [] : await describedRows(tx, tenantId, ids)
    const byId = new Map(rows.map((row) => [row.id, row]))
    return {
      count: this.#seen.size,
      examples: this.#examples.flatMap(({ id, answer }) => {
        const row = byId.get(id)
        return row === undefined ? [] : [changedDecision(row, answer)]
      }),
    }
  }
}

function describedRows(tx: Tx, tenantId: string, ids: readonly number[]) {
  return tx
    .selectFrom('decisions')
    .leftJoin('acts', (join) =>
      join.onRef('acts.tenant_id', '=', 'decisions.tenant_id').onRef('acts.key', '=', 'decisions.act_key'),
    )
    .select([
      'decisions.id as id',
      'decisions.decided_at as at',
      'decisions.principal_id as principalId',
      'decisions.action as action',
      'decisions.resource as resource',
      'decisions.run_id as runId',
      'decisions.decision as decision',
      'decisions.policies as policies',
      'acts.key as key',
      'acts.tool as tool',
      'acts.effect as effect',
      'acts.step_id as stepId',
      'acts.state as state',
    ])
    .where('decisions.tenant_id', '=', tenantId)
    .where('decisions.id', 'in', [...ids])
    .execute()
}

function changedDecision(
  row: Awaited<ReturnType<typeof describedRows>>[number],
  { inForce, candidate }: Answers,
): ChangedDecision {
  const { id, at, principalId, action, resource, runId, key, tool, effect, stepId, state } = row
  const known = key !== null && tool !== null && effect !== null && stepId !== null && state !== null
  return {
    decisionId: id,
    at: at.toISOString(),
    principalId,
    action,
    resource,
    runId,
    act: known ? { key, tool, effect, stepId, state } : null,
    recorded: { decision: row.decision, policies: row.policies },
    inForce: verdictOf(inForce),
    candidate: verdictOf(candidate),
  }
}

function verdictOf({ decision, policies, errors }: Verdict): Verdict {
  return { decision, policies, errors }
}
