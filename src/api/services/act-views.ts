import { sql } from 'kysely'
import type { RunRecord } from '../../engine/index.ts'
import type { Tx } from '../../store/index.ts'
import type { Position } from './cursor.ts'

interface ActQuery {
  readonly limit: number
  readonly position: Position | undefined
  readonly stepId?: string | undefined
}

/** Acts of a run with how policies decided about them, in the order in which they were requested. */
export function actRows(tx: Tx, { tenantId, runId }: RunRecord, { limit, position, stepId }: ActQuery) {
  return tx
    .selectFrom('acts')
    .leftJoin('decisions', (join) =>
      join.onRef('decisions.tenant_id', '=', 'acts.tenant_id').onRef('decisions.id', '=', 'acts.decision_id'),
    )
    .selectAll('acts')
    .select([
      'decisions.decision',
      'decisions.policies',
      'decisions.policy_set',
      sql<string>`to_char(acts.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as(
        'position',
      ),
    ])
    .where('acts.tenant_id', '=', tenantId)
    .where('acts.run_id', '=', runId)
    .$if(stepId !== undefined, (query) => query.where('acts.step_id', '=', stepId ?? ''))
    .$if(position !== undefined, (query) =>
      query.where(
        sql<boolean>`(acts.created_at, acts.key) > (${position?.time ?? ''}::timestamptz, ${position?.id ?? ''})`,
      ),
    )
    .orderBy('acts.created_at')
    .orderBy('acts.key')
    .limit(limit)
    .execute()
}

export type ActRow = Awaited<ReturnType<typeof actRows>>[number]

/** An act for people. */
export function viewAct(row: ActRow) {
  return {
    key: row.key,
    stepId: row.step_id,
    tool: row.tool,
    effect: row.effect,
    by: row.principal_id,
    onBehalfOf: row.on_behalf_of,
    state: row.state,
    attempt: row.attempt,
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    cost: { money: row.money, tokens: row.tokens, toolCalls: row.tool_calls, seconds: row.seconds },
    error: row.error,
    inputDigest: row.input_digest,
    outputDigest: row.output_digest,
    approvalId: row.approval_id,
    redactions: row.redactions,
    decision:
      row.decision === null
        ? null
        : { verdict: row.decision, policies: row.policies ?? [], policySet: row.policy_set ?? '' },
  }
}
