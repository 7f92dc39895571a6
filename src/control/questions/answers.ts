import { sql } from 'kysely'
import type { Principal } from '../../contracts/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import { type Door, outputOfAct } from '../../governance/door/index.ts'
import { readMandate } from '../../governance/identity/index.ts'
import { AtelierError, type Clock, type Logger, type PrincipalId, type RunId } from '../../kernel/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { questionErrors } from './errors.ts'
import { answerOutputSchema, answerTool, answerToolName, type OpenQuestion } from './question.ts'

export interface Answer {
  readonly text: string
  /** Who gave it. */
  readonly by: PrincipalId
}

/** The answer to a question, once a person has given one. */
export async function readAnswer(
  tx: Tx,
  tenantId: TenantId,
  questionId: string,
): Promise<Answer | undefined> {
  const act = await outputOfAct(tx, tenantId, answerKey(questionId))
  if (act?.tool !== answerToolName) return undefined
  return { text: answerOutputSchema.parse(act.output).text, by: act.principalId }
}

export interface GivenAnswer {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly question: OpenQuestion
  readonly person: Principal
  readonly text: string
}

/**
 * Records a person's answer: an act of this person, decided by the policies and audited like any other. So whoever
 * answers belongs to the authors of the change, and does not approve it. The first answer counts.
 *
 * @throws ATL_QUESTION_ANSWERED, ATL_QUESTION_EXPIRED, and errors of the door, such as ATL_DOOR_DENIED and
 * ATL_DOOR_INPUT_INVALID.
 */
export async function giveAnswer(
  {
    database,
    door,
    clock,
    logger,
  }: { readonly database: Database; readonly door: Door; readonly clock: Clock; readonly logger: Logger },
  { tenantId, runId, stepId, question, person, text }: GivenAnswer,
): Promise<void> {
  const { given, projectId } = await database.transaction(tenantScope(tenantId, person.id), async (tx) => ({
    given: await readAnswer(tx, tenantId, question.id),
    projectId: (await readMandate(tx, tenantId, runId)).projectId,
  }))
  if (given !== undefined) throw questionErrors.ANSWERED({ detail: `by ${given.by}` })
  if (Date.parse(question.expiresAt) <= clock.now())
    throw questionErrors.EXPIRED({ detail: `until ${question.expiresAt}` })
  try {
    await door.act(
      answerTool,
      { question: question.id, text },
      {
        principal: person,
        tenantId,
        projectId,
        runId,
        stepId,
        attempt: 1,
        key: answerKey(question.id),
        resource: `run:${runId}`,
        context: { isolation: 'not-applicable' },
        deadlineMs: 30_000,
        signal: new AbortController().signal,
        logger,
        report: () => undefined,
      },
    )
  } catch (error) {
    // Two people have answered in the same moment.
    if (error instanceof AtelierError && error.code === 'ATL_DOOR_KEY_REUSED')
      throw questionErrors.ANSWERED({ cause: error })
    throw error
  }
}

/** Runs that wait with a question although somebody has answered it: whoever took the answer in died before saying so. */
export async function answeredRuns(tx: Tx, tenantId: TenantId): Promise<readonly RunId[]> {
  const rows = await tx
    .selectFrom('run_steps')
    .innerJoin('acts', (join) =>
      join
        .onRef('acts.tenant_id', '=', 'run_steps.tenant_id')
        .on('acts.key', '=', sql<string>`(run_steps.waiting -> 'payload' ->> 'id') || ${answerSuffix}`),
    )
    .innerJoin('mandates', (join) =>
      join
        .onRef('mandates.tenant_id', '=', 'run_steps.tenant_id')
        .onRef('mandates.run_id', '=', 'run_steps.run_id'),
    )
    .select('run_steps.run_id')
    .distinct()
    .where('run_steps.tenant_id', '=', tenantId)
    .where('mandates.closed_at', 'is', null)
    .where('run_steps.status', '=', 'waiting')
    .where('acts.state', '=', 'succeeded')
    .limit(100)
    .execute()
  return rows.map((row) => row.run_id as RunId)
}

const answerSuffix = ':answer'

function answerKey(questionId: string): string {
  return `${questionId}${answerSuffix}`
}
