import type { Principal } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { combineCosts, costUnits, findAccount, noCost } from '../budget/index.ts'
import type { Balance, Limits } from '../budget/index.ts'
import { assertQuota, modelUseRunsOf, openMandate } from '../identity/index.ts'
import { authoriseAnd } from './authorisation.ts'
import type { DoorServices } from './services.ts'

/** What somebody asks of models on one day in one project, see `identity/model-use.ts`. */
export interface ModelUse {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  /** Who asks; a service does for the person who answers for it. */
  readonly user: Principal
  readonly endsAt: Date
  /** The most that may be used when nobody has set limits for the user. */
  readonly limits: Limits
}

/** See `Administration.openModelUse`. */
export function openModelUse(services: DoorServices, use: ModelUse): Promise<void> {
  const { tenantId, projectId, runId, user, endsAt, limits } = use
  return authoriseAnd(
    services,
    {
      principal: user,
      tenantId,
      intention: { action: 'use-models', resource: { kind: 'project', tenantId, projectId } },
      runId,
      detail: { endsAt: endsAt.toISOString() },
    },
    async (tx, actor) => {
      await assertQuota(tx, tenantId, 'storageBytes')
      const requester = actor.onBehalfOf ?? actor.id
      const mandate = { tenantId, projectId, runId, requester, repository: undefined, endsAt }
      if ((await openMandate(tx, mandate)) === 'open before') return
      const own = await findAccount(tx, tenantId, 'person', actor.id)
      const held = own === undefined ? limits : limitsOf(own)
      await services.ledger.setLimits(tx, { level: 'run', subject: runId }, held)
    },
  )
}

/** Has new limits of a person hold today too. What is used already stays used: then nothing is left for this day. */
export async function limitToday(
  { ledger, clock }: DoorServices,
  tx: Tx,
  { tenantId, principalId }: { readonly tenantId: TenantId; readonly principalId: PrincipalId },
  limits: Limits,
): Promise<void> {
  for (const { runId } of await modelUseRunsOf(tx, tenantId, principalId, clock.now())) {
    const account = await findAccount(tx, tenantId, 'run', runId)
    const used = account === undefined ? noCost : usedOf(account)
    const reachable = combineCosts({ ...used, ...limits }, used, Math.max)
    const held = costUnits.flatMap(({ unit }) =>
      limits[unit] === undefined ? [] : [[unit, reachable[unit]] as const],
    )
    await ledger.setLimits(tx, { level: 'run', subject: runId }, Object.fromEntries(held))
  }
}

function usedOf({ units }: Balance) {
  const used = (unit: keyof typeof noCost): number => units[unit].spent + units[unit].reserved
  return {
    money: used('money'),
    tokens: used('tokens'),
    toolCalls: used('toolCalls'),
    seconds: used('seconds'),
  }
}

function limitsOf({ units }: Balance): Limits {
  const set = costUnits.flatMap(({ unit }) => {
    const { limit } = units[unit]
    return limit === null ? [] : [[unit, limit] as const]
  })
  return Object.fromEntries(set)
}
