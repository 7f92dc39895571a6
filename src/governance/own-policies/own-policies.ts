import type { Principal } from '../../contracts/index.ts'
import type { Digest, Logger } from '../../kernel/index.ts'
import { digestOfValue, silentLogger } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import type { Administration } from '../door/index.ts'
import { createOwnTexts } from '../own-texts/index.ts'
import type { OwnText, OwnTextDraft, OwnTextServices, OwnTextVerdict } from '../own-texts/index.ts'
import type { OwnPolicyText, PolicyEngine, ShippedChange } from '../policy/index.ts'
import { ownPolicyErrors } from './errors.ts'
import { Following } from './following.ts'
import { checkTexts } from './rehearsal.ts'
import type { PolicyCheck, Rehearsal } from './rehearsal.ts'
import { simulate } from './simulation.ts'
import type { Simulation, SimulationOptions } from './simulation.ts'

/** One version of a policy of a tenant's own: Cedar policies, and their tests in YAML. */
type OwnPolicyVersion = OwnText<Rehearsal>

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
  check(principal: Principal, draft: OwnTextDraft): Promise<PolicyCheck>
  /** What the text would have changed, had it been in force. @throws ATL_OWN_POLICY_INVALID, ATL_OWN_POLICY_BUSY */
  simulate(principal: Principal, draft: OwnPolicyText, options: SimulationOptions): Promise<Simulation>
  /**
   * What a text in the place of a shipped policy would have changed; without text, what it would be like without that.
   * @throws ATL_OWN_POLICY_SHIPPED_NOT_FOUND, ATL_OWN_POLICY_INVALID, ATL_OWN_POLICY_BUSY
   */
  simulateShipped(
    principal: Principal,
    instead: ShippedChange,
    options: SimulationOptions,
  ): Promise<Simulation>
  /** Keeps a text as the draft of its name; without text it is a draft to take the policy back. */
  saveDraft(principal: Principal, draft: OwnTextDraft): Promise<OwnPolicyVersion>
  /** Checks and simulates the draft, and keeps both with it for whoever decides. @throws ATL_OWN_TEXT_UNKNOWN */
  rehearse(principal: Principal, name: string, options: SimulationOptions): Promise<OwnPolicyVersion>
  /** @throws ATL_OWN_TEXT_UNKNOWN, ATL_OWN_TEXT_CHANGED, ATL_OWN_POLICY_NOT_REHEARSED, ATL_OWN_POLICY_INVALID */
  decide(principal: Principal, verdict: OwnTextVerdict): Promise<OwnPolicyVersion>
  /** Takes up what is in force in the database. */
  refresh(): Promise<void>
  /** Goes on doing so every second, until the returned function is called. */
  follow(): () => void
}

export interface OwnPolicyOptions extends OwnTextServices {
  readonly policy: PolicyEngine
  readonly administration: Pick<Administration, 'authorise' | 'requireReading'>
  readonly logger?: Logger
}

export function createOwnPolicies(options: OwnPolicyOptions): OwnPolicies {
  const { database, clock, policy, administration, logger = silentLogger } = options
  const following = new Following({ database, policy, logger: logger.child({ component: 'policies' }) })
  const texts = createOwnTexts<Rehearsal>(options, 'policy')
  const inTenant = <T>({ tenantId, id }: Principal, work: (tx: Tx) => Promise<T>): Promise<T> =>
    database.transaction(tenantScope(tenantId, id), work)
  const mayRead = (
    principal: Principal,
    action: 'read-policies' | 'simulate-policies' = 'read-policies',
  ): Promise<void> =>
    administration.requireReading(principal, {
      action,
      resource: { kind: 'studio', tenantId: principal.tenantId },
    })
  const simulateTexts = async (
    { tenantId, id }: Principal,
    candidateTexts: readonly OwnPolicyText[],
    how: SimulationOptions,
    instead?: ShippedChange,
  ): Promise<Simulation> => {
    const candidate = policy.tryOut(candidateTexts, instead)
    if (candidate === undefined) throw ownPolicyErrors.BUSY()
    try {
      const scope = tenantScope(tenantId, id)
      return await simulate({ database, clock }, scope, { inForce: policy, candidate }, how)
    } finally {
      candidate.release()
    }
  }

  return {
    list: async (principal) => {
      await mayRead(principal)
      return inTenant(principal, (tx) => texts.current(tx, principal.tenantId))
    },
    versions: async (principal, name) => {
      await mayRead(principal)
      return inTenant(principal, (tx) => texts.versions(tx, principal.tenantId, name))
    },
    check: async (principal, draft) => {
      await mayRead(principal)
      const own = await inTenant(principal, (tx) => texts.inForce(tx, principal.tenantId))
      return checkTexts(policy, withText(own, draft), draft.tests)
    },
    simulate: async (principal, draft, how) => {
      await mayRead(principal, 'simulate-policies')
      const own = await inTenant(principal, (tx) => texts.inForce(tx, principal.tenantId))
      const problems = policy.check(withText(own, draft))
      if (problems.length > 0) throw ownPolicyErrors.INVALID({ details: { problems } })
      return simulateTexts(principal, withText(own, draft), how)
    },
    simulateShipped: async (principal, instead, how) => {
      await mayRead(principal, 'simulate-policies')
      if (!policy.shipped.policies.some(({ id }) => id === instead.id))
        throw ownPolicyErrors.SHIPPED_NOT_FOUND({ detail: instead.id })
      const own = await inTenant(principal, (tx) => texts.inForce(tx, principal.tenantId))
      const problems = policy.check(own, instead)
      if (problems.length > 0) throw ownPolicyErrors.INVALID({ details: { problems } })
      return simulateTexts(principal, own, how, instead)
    },
    saveDraft: (principal, draft) => texts.save(principal, draft),
    rehearse: async (principal, name, how) => {
      await mayRead(principal, 'simulate-policies')
      const { tenantId } = principal
      const { draft, own } = await inTenant(principal, async (tx) => ({
        draft: await texts.draft(tx, tenantId, name),
        own: await texts.inForce(tx, tenantId),
      }))
      const check = checkTexts(policy, withText(own, draft), draft.tests)
      const readable = check.problems.length === 0
      const rehearsal: Rehearsal = {
        ...check,
        simulation: readable ? await simulateTexts(principal, withText(own, draft), how) : null,
        at: new Date(clock.now()).toISOString(),
        by: principal.id,
        draft: draft.digest,
        against: digestOfForce(policy.shipped.digest, own),
      }
      return inTenant(principal, (tx) => texts.note(tx, tenantId, draft, rehearsal))
    },
    decide: async (principal, verdict) => {
      const { tenantId } = principal
      const decided = await texts.decide(principal, verdict, async (tx, draft) => {
        requireRehearsal(draft, digestOfForce(policy.shipped.digest, await texts.inForce(tx, tenantId)))
      })
      await following.refreshTenant(tenantId)
      return decided
    },
    refresh: () => following.refresh(),
    follow: () => following.follow(),
  }
}

function requireRehearsal({ rehearsal, digest, name }: OwnPolicyVersion, force: Digest): void {
  const fits = rehearsal?.draft === digest && rehearsal.against === force
  if (!fits) throw ownPolicyErrors.NOT_REHEARSED({ detail: name })
  if (rehearsal.ok) return
  const { problems, testsProblem } = rehearsal
  const tests = rehearsal.tests.filter(({ passed }) => !passed)
  throw ownPolicyErrors.INVALID({ detail: name, details: { problems, tests, testsProblem } })
}

/** Over everything that decides for the tenant: the shipped policies and its own that are in force. */
function digestOfForce(shipped: Digest, own: readonly OwnPolicyVersion[]): Digest {
  return digestOfValue({ shipped, own: own.map(({ name, digest }) => ({ name, digest })) })
}

/** What would be in force with this text in the place of the one of its name; an empty text takes it away. */
function withText(own: readonly OwnPolicyText[], { name, text }: OwnPolicyText): readonly OwnPolicyText[] {
  const others = own.filter((one) => one.name !== name)
  return text.trim() === '' ? others : [...others, { name, text }]
}
