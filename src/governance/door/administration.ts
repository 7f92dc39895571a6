import { setTimeout as delay } from 'node:timers/promises'
import type { Principal } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import type { TenantScope } from '../audit/index.ts'
import type { BudgetLevel, Limits } from '../budget/index.ts'
import {
  assertQuota,
  distrustRepository,
  openMandate,
  openMandates,
  setMandateState,
  trustRepository,
} from '../identity/index.ts'
import type { PolicyRequest } from '../policy/index.ts'
import { authoriseAnd } from './authorisation.ts'
import type { AuthorisationRequest, Intention } from './authorisation.ts'
import { limitToday, openModelUse } from './model-use.ts'
import type { ModelUse } from './model-use.ts'
import type { DoorServices } from './services.ts'
import { termMs } from './standing-journal.ts'
import type { Standings } from './standings.ts'

interface OpenRun {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  /** The person who asks; agents act on this person's behalf. */
  readonly requester: Principal
  /** Location of the repository that the run works on. */
  readonly repository: string | undefined
  /** The most that the run may use; no limit of its own when absent. */
  readonly limits?: Limits
}

/** What is kept of a reading that was refused. */
interface RefusalRecord {
  readonly runId?: RunId | null
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Acts that are not the use of a tool. Each is authorised, recorded and audited like those. */
export interface Administration {
  /**
   * Asks whether something may be done, records the answer, and does `work` in the same transaction.
   * @throws ATL_DOOR_DENIED and errors of IDENTITY.
   */
  authorise<T>(
    request: AuthorisationRequest,
    work?: (tx: Tx, actor: Principal) => Promise<T>,
  ): Promise<T | undefined>
  /**
   * Asks whether a principal, who was authenticated just now, may read something. Reading leaves no record, a refusal
   * does.
   * @throws ATL_DOOR_DENIED
   */
  requireReading(principal: Principal, intention: Intention, refusal?: RefusalRecord): Promise<void>
  /**
   * Gives a run its mandate and its budget; nothing may be done in a run before. Opening the same run again changes
   * nothing.
   * @throws ATL_DOOR_DENIED, ATL_TENANT_QUOTA_EXCEEDED, ATL_MANDATE_CONFLICT and errors of IDENTITY.
   */
  openRun(run: OpenRun): Promise<void>
  /**
   * Gives somebody's use of models on one day its mandate and its budget. Doing so again changes nothing.
   * @throws ATL_DOOR_DENIED, ATL_TENANT_QUOTA_EXCEEDED and errors of IDENTITY.
   */
  openModelUse(use: ModelUse): Promise<void>
  /** Runs of workflows that may still act. */
  openRuns(tenantId: TenantId, by: PrincipalId): Promise<readonly RunId[]>
  /** Ends the mandate of a run that has ended, settles what it still holds, and signs the audit chain. */
  closeRun(run: Pick<OpenRun, 'tenantId' | 'runId'>, by: PrincipalId): Promise<void>
  /** Gives the mandate of a run that ended back to it, because somebody resumes it; asks nothing, see `authorise`. */
  reopenRun(run: Pick<OpenRun, 'tenantId' | 'runId'>, by: PrincipalId): Promise<void>
  /**
   * Limits of a person hold for each day, and at once for what is left of this one.
   * @throws ATL_DOOR_DENIED, ATL_BUDGET_LIMIT_BELOW_USE
   */
  setLimits(
    by: Principal,
    account: { readonly level: BudgetLevel; readonly subject: string },
    limits: Limits,
  ): Promise<void>
  /** Vouches for a repository, so that its code may run unconfined where policy allows it. @throws ATL_DOOR_DENIED */
  trustRepository(by: Principal, location: string, reason: string): Promise<void>
  /** Takes it back. @throws ATL_DOOR_DENIED */
  distrustRepository(by: Principal, location: string, reason: string): Promise<void>
}

export function createAdministration(services: DoorServices, standings: Standings): Administration {
  const { database, ledger, audit } = services
  const setTrust = (
    by: Principal,
    location: string,
    reason: string,
    change: (tx: Tx, actor: Principal) => Promise<void>,
    trusted: boolean,
  ): Promise<void> =>
    authoriseAnd(
      services,
      {
        principal: by,
        tenantId: by.tenantId,
        intention: {
          action: 'trust-repository',
          resource: { kind: 'repository', tenantId: by.tenantId, location, trusted: !trusted },
        },
        runId: null,
        detail: { trusted, reason },
      },
      change,
    )

  return {
    authorise: (request, work) => authoriseAnd(services, request, async (tx, actor) => work?.(tx, actor)),
    requireReading: async (principal, intention, { runId = null, detail = {} } = {}) => {
      const question = { principal, ...intention } as PolicyRequest
      if (services.policy.decide(question).decision === 'allow') return
      const { tenantId } = principal
      await authoriseAnd(services, { principal, tenantId, intention, runId, detail }, () => Promise.resolve())
    },
    openRun: (run) => {
      const { tenantId, projectId, runId, requester, repository, limits } = run
      return authoriseAnd(
        services,
        {
          principal: requester,
          tenantId,
          intention: { action: 'submit-work-item', resource: { kind: 'project', tenantId, projectId } },
          runId,
          detail: { repository: repository ?? null, limits: limits ?? null },
        },
        async (tx, actor) => {
          await assertRoomForRun(tx, tenantId, runId)
          // What a service submits is done for the person who answers for it.
          await openMandate(tx, {
            tenantId,
            projectId,
            runId,
            requester: actor.onBehalfOf ?? actor.id,
            repository,
          })
          if (limits !== undefined) await ledger.setLimits(tx, { level: 'run', subject: runId }, limits)
        },
      )
    },
    openModelUse: (use) => openModelUse(services, use),
    openRuns: (tenantId, by) =>
      database.transaction(tenantScope(tenantId, by), (tx) => openMandates(tx, tenantId)),
    closeRun: async ({ tenantId, runId }, by) => {
      const scope = tenantScope(tenantId, by)
      await standings.giveBack(tenantId, runId)
      await awaitLeases(services, scope, runId)
      await database.transaction(scope, async (tx) => {
        await setMandateState(tx, tenantId, runId, 'closed')
        await ledger.settleRun(tx, tenantId, runId)
      })
      await audit.checkpoint(scope)
    },
    reopenRun: ({ tenantId, runId }, by) =>
      database.transaction(tenantScope(tenantId, by), (tx) => setMandateState(tx, tenantId, runId, 'open')),
    setLimits: async (by, { level, subject }, limits) => {
      const { tenantId } = by
      // What a process holds for acts to come counts as used.
      await standings.giveBack(tenantId)
      const resource = { kind: 'budget', tenantId, level, subject } as const
      await authoriseAnd(
        services,
        {
          ...{ principal: by, tenantId, runId: null, detail: { limits } },
          intention: { action: 'set-budget', resource },
        },
        async (tx) => {
          await ledger.setLimits(tx, { level, subject }, limits)
          const person = { tenantId, principalId: subject as PrincipalId }
          if (level === 'person') await limitToday(services, tx, person, limits)
        },
      )
    },
    trustRepository: (by, location, reason) =>
      setTrust(
        by,
        location,
        reason,
        (tx, actor) => trustRepository(tx, { tenantId: actor.tenantId, location, by: actor.id, reason }),
        true,
      ),
    distrustRepository: (by, location, reason) =>
      setTrust(by, location, reason, (tx, actor) => distrustRepository(tx, actor.tenantId, location), false),
  }
}

/** Quotas hold for what is new: a run that is opened again has its place already. */
async function assertRoomForRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<void> {
  const open = await tx
    .selectFrom('mandates')
    .select('run_id')
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .executeTakeFirst()
  if (open !== undefined) return
  await assertQuota(tx, tenantId, 'runs')
  await assertQuota(tx, tenantId, 'storageBytes')
}

/** Lets other processes give back what they hold; what is still held then belongs to one that died. */
async function awaitLeases(
  { database, ledger }: DoorServices,
  scope: TenantScope,
  runId: RunId,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < 2 * termMs; waitedMs += 100) {
    const held = await database.transaction(scope, (tx) => ledger.holdsLease(tx, scope.tenantId, runId))
    if (!held) return
    await delay(100)
  }
}
