import type { RunRecord } from '../../engine/index.ts'
import type { Tx } from '../../store/index.ts'

/** Attempts at one step of a run, or at all of them. */
export function attemptsOf(tx: Tx, run: RunRecord, stepId?: string) {
  return tx
    .selectFrom('step_attempts')
    .select(['step_id', 'item_index', 'attempt', 'take', 'outcome', 'error', 'started_at', 'ended_at'])
    .where('tenant_id', '=', run.tenantId)
    .where('run_id', '=', run.runId)
    .where('role', '=', 'forward')
    .$if(stepId !== undefined, (query) => query.where('step_id', '=', stepId ?? ''))
    .orderBy('started_at')
    .orderBy('take')
    .limit(2000)
    .execute()
}

export type AttemptRow = Awaited<ReturnType<typeof attemptsOf>>[number]
