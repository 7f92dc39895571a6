import { sql } from 'kysely'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { sendOn } from '../../store/index.ts'
import type { Pipeline, Tx } from '../../store/index.ts'
import { mandateErrors } from './errors.ts'

/** Says for whom a run acts: whatever agents do in it, they do on behalf of the requester. */
export interface Mandate {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly projectId: ProjectId
  readonly requester: PrincipalId
  /** Location of the repository that the run works on. */
  readonly repository: string | undefined
  /** When it is over, whatever becomes of it: of what is no run of a workflow, see `model-use.ts`. */
  readonly endsAt?: Date
}

/**
 * Records a mandate. Opening the same one again changes nothing.
 * @throws ATL_MANDATE_CONFLICT when the run is open for somebody else.
 */
export async function openMandate(tx: Tx, mandate: Mandate): Promise<'opened' | 'open before'> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('mandates')
    .values({
      tenant_id: mandate.tenantId,
      run_id: mandate.runId,
      project_id: mandate.projectId,
      principal_id: mandate.requester,
      repository: mandate.repository ?? null,
      ends_at: mandate.endsAt ?? null,
      closed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  const stored = await readMandate(tx, mandate.tenantId, mandate.runId)
  if (stored.requester !== mandate.requester || stored.projectId !== mandate.projectId) {
    throw mandateErrors.CONFLICT({ detail: mandate.runId })
  }
  return numInsertedOrUpdatedRows === 0n ? 'open before' : 'opened'
}

/** A mandate as it stands: agents may act only under one that is open. */
export interface StandingMandate extends Mandate {
  readonly closed: boolean
}

/** @throws ATL_MANDATE_MISSING */
export async function readMandate(tx: Tx, tenantId: TenantId, runId: RunId): Promise<StandingMandate> {
  return mandateAmong(await readMandates(sendOn(tx), tenantId, [runId]), runId)
}

/** Like {@link readMandate}, by what has been read before in the same transaction. @throws ATL_MANDATE_MISSING */
export function mandateAmong(known: ReadonlyMap<RunId, StandingMandate>, runId: RunId): StandingMandate {
  const mandate = known.get(runId)
  if (mandate === undefined) throw mandateErrors.MISSING({ detail: runId })
  return mandate
}

interface MandateRow {
  readonly run_id: RunId
  readonly project_id: ProjectId
  readonly principal_id: PrincipalId
  readonly repository: string | null
  readonly closed_at: Date | null
}

/** The mandates of these runs, of those that have one. */
export async function readMandates(
  send: Pipeline['send'],
  tenantId: TenantId,
  runIds: readonly RunId[],
): Promise<ReadonlyMap<RunId, StandingMandate>> {
  const rows = await send<MandateRow>({
    name: 'identity-mandates',
    text: `select run_id, project_id, principal_id, repository, closed_at from mandates
             where tenant_id = $1 and run_id = any ($2::text[])`,
    values: [tenantId, [...new Set(runIds)]],
  })
  return new Map(
    rows.map((row) => [
      row.run_id,
      {
        tenantId,
        runId: row.run_id,
        projectId: row.project_id,
        requester: row.principal_id,
        repository: row.repository ?? undefined,
        closed: row.closed_at !== null,
      },
    ]),
  )
}

/** Runs of workflows whose mandate is open. */
export async function openMandates(tx: Tx, tenantId: TenantId): Promise<readonly RunId[]> {
  const rows = await tx
    .selectFrom('mandates')
    .select('run_id')
    .where('tenant_id', '=', tenantId)
    .where('closed_at', 'is', null)
    .where('ends_at', 'is', null)
    .execute()
  return rows.map((row) => row.run_id as RunId)
}

/** Ends or reopens a mandate; agents may act only under one that is open. */
export async function setMandateState(
  tx: Tx,
  tenantId: TenantId,
  runId: RunId,
  state: 'open' | 'closed',
): Promise<void> {
  await tx
    .updateTable('mandates')
    .set({ closed_at: state === 'open' ? null : sql<Date>`coalesce(closed_at, now())` })
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .execute()
}
