import type { Principal } from '../../contracts/index.ts'
import type { Digest, TenantId } from '../../kernel/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import { lineageOf } from '../identity/index.ts'
import type { OwnPolicyText } from '../policy/index.ts'
import { decideDraft, writeDraft } from './drafts.ts'
import type { OwnPolicyOptions, PolicyDraft, PolicyVerdict } from './drafts.ts'
import { ownPolicyErrors } from './errors.ts'
import { Following } from './following.ts'
import { checkTexts } from './rehearsal.ts'
import type { PolicyCheck } from './rehearsal.ts'
import { simulate } from './simulation.ts'
import type { Simulation, SimulationOptions } from './simulation.ts'
import { digestOfForce, findDraft, readForce, viewVersion, withText } from './versions.ts'
import type { OwnPolicyVersion } from './versions.ts'

/**
 * Policies that a tenant adds to the shipped ones, which it can narrow and never widen. A text is drafted, rehearsed —
 * its tests run, and simulated over what was decided in the past —, approved by a person who has not written at it, and
 * from then on in force in every process.
 */
export interface OwnPolicies {
  /** What is in force, and drafts. @throws ATL_DOOR_DENIED, as all methods that take a principal */
  list(principal: Principal): Promise<readonly OwnPolicyVersion[]>
  /** All versions of one name, newest first. */
  versions(principal: Principal, name: string): Promise<readonly OwnPolicyVersion[]>
  /** Reads a text as it is being written and runs its tests; nothing is kept. */
  check(principal: Principal, draft: PolicyDraft): Promise<PolicyCheck>
  /** What the text would have changed, had it been in force. @throws ATL_OWN_POLICY_INVALID, ATL_OWN_POLICY_BUSY */
  simulate(principal: Principal, draft: OwnPolicyText, options: SimulationOptions): Promise<Simulation>
  /** Keeps a text as the draft of its name; without text it is a draft to take the policy back. */
  saveDraft(principal: Principal, draft: PolicyDraft): Promise<OwnPolicyVersion>
  /** Checks and simulates the draft, and keeps both with it for whoever decides. @throws ATL_OWN_POLICY_UNKNOWN */
  rehearse(principal: Principal, name: string, options: SimulationOptions): Promise<OwnPolicyVersion>
  /** @throws ATL_OWN_POLICY_UNKNOWN, _CHANGED, _NOT_REHEARSED, _INVALID, and ATL_DOOR_DENIED for those who wrote at it */
  decide(principal: Principal, verdict: PolicyVerdict): Promise<OwnPolicyVersion>
  /** Takes up what is in force in the database. */
  refresh(): Promise<void>
  /** Goes on doing so every second, until the returned function is called. */
  follow(): () => void
}

type Action = 'read-policies' | 'simulate-policies'

export function createOwnPolicies(options: OwnPolicyOptions): OwnPolicies {
  const { database, clock, policy, administration, logger = silentLogger } = options
  const following = new Following({ database, policy, logger: logger.child({ component: 'policies' }) })
  const scopeOf = ({ tenantId, id }: Principal) => tenantScope(tenantId, id)
  const mayRead = (principal: Principal, action: Action): Promise<void> =>
    administration.requireReading(principal, { action, resource: studioOf(principal) })
  const inForce = (principal: Principal): Promise<readonly OwnPolicyVersion[]> =>
    database.transaction(scopeOf(principal), (tx) => readForce(tx, principal.tenantId))
  const simulateTexts = async (
    principal: Principal,
    texts: readonly OwnPolicyText[],
    how: SimulationOptions,
  ): Promise<Simulation> => {
    const candidate = policy.tryOut(texts)
    if (candidate === undefined) throw ownPolicyErrors.BUSY()
    try {
      return await simulate({ database, clock }, scopeOf(principal), { inForce: policy, candidate }, how)
    } finally {
      candidate.release()
    }
  }

  return {
    list: async (principal) => {
      await mayRead(principal, 'read-policies')
      const rows = await database.transaction(scopeOf(principal), (tx) =>
        tx
          .selectFrom('own_policy_versions')
          .selectAll()
          .where('tenant_id', '=', principal.tenantId)
          .where('state', 'in', ['draft', 'in-force'])
          .orderBy('name')
          .orderBy('version')
          .execute(),
      )
      return rows.map(viewVersion)
    },
    versions: async (principal, name) => {
      await mayRead(principal, 'read-policies')
      const rows = await database.transaction(scopeOf(principal), (tx) =>
        tx
          .selectFrom('own_policy_versions')
          .selectAll()
          .where('tenant_id', '=', principal.tenantId)
          .where('name', '=', name)
          .orderBy('version', 'desc')
          .limit(200)
          .execute(),
      )
      return rows.map(viewVersion)
    },
    check: async (principal, draft) => {
      await mayRead(principal, 'read-policies')
      return checkTexts(policy, withText(await inForce(principal), draft), draft.tests)
    },
    simulate: async (principal, draft, how) => {
      await mayRead(principal, 'simulate-policies')
      const texts = withText(await inForce(principal), draft)
      const problems = policy.check(texts)
      if (problems.length > 0) throw ownPolicyErrors.INVALID({ details: { problems } })
      return simulateTexts(principal, texts, how)
    },
    saveDraft: (principal, draft) => writeDraft(options, principal, draft),
    rehearse: async (principal, name, how) => {
      await mayRead(principal, 'simulate-policies')
      const { tenantId } = principal
      const { draft, own } = await database.transaction(scopeOf(principal), async (tx) => ({
        draft: await findDraft(tx, tenantId, name),
        own: await readForce(tx, tenantId),
      }))
      if (draft === undefined) throw ownPolicyErrors.UNKNOWN({ detail: name })
      const texts = withText(own, draft)
      const check = checkTexts(policy, texts, draft.tests)
      const simulation = check.problems.length === 0 ? await simulateTexts(principal, texts, how) : null
      const rehearsal = {
        ...check,
        simulation,
        at: new Date(clock.now()).toISOString(),
        by: principal.id,
        draft: draft.digest as Digest,
        against: digestOfForce(policy.shipped.digest, own),
      }
      const row = await database.transaction(scopeOf(principal), (tx) =>
        tx
          .updateTable('own_policy_versions')
          .set({ rehearsal: JSON.stringify(rehearsal) })
          .where('tenant_id', '=', tenantId)
          .where('name', '=', name)
          .where('state', '=', 'draft')
          .where('digest', '=', draft.digest)
          .returningAll()
          .executeTakeFirst(),
      )
      if (row === undefined) throw ownPolicyErrors.CHANGED({ detail: name })
      return viewVersion(row)
    },
    decide: async (principal, verdict) => {
      const decided = await decideDraft(
        options,
        principal,
        verdict,
        await wroteAt(database, principal, verdict.name),
      )
      await following.refreshTenant(principal.tenantId)
      return decided
    },
    refresh: () => following.refresh(),
    follow: () => following.follow(),
  }
}

export function studioOf({ tenantId }: { readonly tenantId: TenantId }) {
  return { kind: 'studio', tenantId } as const
}

/** Whether the principal, or whom it acts for, stands behind one of the draft's authors. */
async function wroteAt(database: Database, principal: Principal, name: string): Promise<boolean> {
  const { tenantId, id, onBehalfOf } = principal
  return database.transaction(tenantScope(tenantId, id), async (tx) => {
    const draft = await findDraft(tx, tenantId, name)
    if (draft === undefined) throw ownPolicyErrors.UNKNOWN({ detail: name })
    const authors = await lineageOf(tx, tenantId, draft.authors)
    return authors.has(id) || (onBehalfOf !== undefined && authors.has(onBehalfOf))
  })
}
