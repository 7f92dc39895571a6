import type { TenantId } from '../../kernel/index.ts'
import { createId } from '../../kernel/index.ts'
import { readPolicyFiles } from './policy-files.ts'
import type { FaultlessPolicies } from './policy-files.ts'
import { compilePolicies, digestOfPolicies, refuseAll } from './policy-set.ts'
import type { PolicyDecision, PolicySet } from './policy-set.ts'
import { checkPolicies, readPolicyText } from './policy-text.ts'
import type { Cedar, PolicyProblem, PolicySource } from './policy-text.ts'
import type { PolicyRequest } from './request.ts'

/** A text of policies that a tenant wrote, and the name under which it goes. */
export interface OwnPolicyText {
  readonly name: string
  readonly text: string
}

/** What would stand in the place of one of the shipped policies. */
export interface ShippedChange {
  readonly id: string
  /** Policies; none take the shipped one away. */
  readonly text: string
}

/** A set of policies that is not in force, to ask what it would decide. */
interface CandidatePolicies extends PolicySet {
  /** Gives its place to the next one; nothing may be asked afterwards. */
  release(): void
}

/** The one place where it is decided who may do what. */
export interface PolicyEngine {
  /** The text of the Cedar schema. */
  readonly schema: string
  /** The policies that hold for every tenant. */
  readonly shipped: PolicySet
  /** What is in force for a tenant: the shipped policies and its own. */
  of(tenantId: TenantId): PolicySet
  /** Decides by what is in force for the tenant of the principal, see {@link aboutPolicies} for the exception. */
  decide(request: PolicyRequest): PolicyDecision
  /**
   * Puts a tenant's own policies into force in this process, in place of those before. Texts that do not fit this
   * release's schema any more make the tenant's set deny everything but the administration of policies; what is wrong
   * is answered.
   */
  enforce(tenantId: TenantId, own: readonly OwnPolicyText[]): readonly PolicyProblem[]
  /** What is wrong with texts of a tenant's own beside the shipped policies, or with what would stand in the place of one of these. */
  check(own: readonly OwnPolicyText[], instead?: ShippedChange): readonly PolicyProblem[]
  /** What would be in force with these texts; undefined while too many others are being tried out. */
  tryOut(own: readonly OwnPolicyText[], instead?: ShippedChange): CandidatePolicies | undefined
}

export interface PolicyLocations {
  /** Path of the Cedar schema. */
  readonly schemaFile: string
  /** Folders of `*.cedar` files, which hold for every tenant. */
  readonly folders: readonly string[]
  /** Without it everything is checked each time. */
  readonly faultless?: FaultlessPolicies
}

/** Sets that are tried out at the same time; each keeps a preparsed set of Cedar. */
const mostCandidates = 4

/**
 * Actions about a tenant's own policies are decided by the shipped ones alone, so that no policy can lock out those who
 * could take it back.
 */
const aboutPolicies: ReadonlySet<PolicyRequest['action']> = new Set([
  'read-policies',
  'simulate-policies',
  'draft-policy',
  'decide-policy',
])

/**
 * Loads, checks and preparses policies.
 *
 * @throws ATL_POLICY_UNREADABLE, ATL_POLICY_SCHEMA_INVALID, ATL_POLICY_INVALID with file and line.
 */
export async function loadPolicies({
  schemaFile,
  folders,
  faultless,
}: PolicyLocations): Promise<PolicyEngine> {
  // Compiling the WebAssembly module takes tens of milliseconds, so it is loaded with the first policies, not on import.
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs')
  const { schema, policies } = await readPolicyFiles(cedar, schemaFile, folders, faultless)
  const name = digestOfPolicies(schema, policies)
  // What is in force for a tenant changes, so it is kept apart for every engine.
  const instance = createId('policies')
  const shipped = compilePolicies(cedar, schema, policies, name)
  const own = new Map<TenantId, PolicySet>()
  const freeSlots = Array.from({ length: mostCandidates }, (_, index) => `${instance} candidate ${index}`)
  const of = (tenantId: TenantId): PolicySet => own.get(tenantId) ?? shipped
  return {
    schema,
    shipped,
    of,
    decide: (request) =>
      (aboutPolicies.has(request.action) ? shipped : of(request.principal.tenantId)).decide(request),
    enforce: (tenantId, texts) => {
      if (texts.length === 0) {
        own.delete(tenantId)
        return []
      }
      const { all, problems } = readOwn(cedar, schema, policies, texts)
      const [first] = problems
      own.set(
        tenantId,
        first === undefined
          ? compilePolicies(cedar, schema, all, `${instance} of ${tenantId}`)
          : refuseAll(digestOfPolicies(schema, all), all, `${first.file}:${first.line}: ${first.message}`),
      )
      return problems
    },
    check: (texts, instead) => readWith(cedar, schema, policies, texts, instead).problems,
    tryOut: (texts, instead) => {
      const slot = freeSlots.pop()
      if (slot === undefined) return undefined
      const set = compilePolicies(cedar, schema, readWith(cedar, schema, policies, texts, instead).all, slot)
      return {
        ...set,
        // Without a change of what is shipped these are decided as they always are.
        decide: (request) =>
          (aboutPolicies.has(request.action) && instead === undefined ? shipped : set).decide(request),
        release: () => void freeSlots.push(slot),
      }
    },
  }
}

/** Like {@link readOwn}, with a text in the place of one of the shipped policies. */
function readWith(
  cedar: Cedar,
  schema: string,
  shipped: readonly PolicySource[],
  texts: readonly OwnPolicyText[],
  instead: ShippedChange | undefined,
): ReturnType<typeof readOwn> {
  if (instead === undefined) return readOwn(cedar, schema, shipped, texts)
  const others = shipped.filter(({ id }) => id !== instead.id)
  const replacement = { name: instead.id, text: instead.text }
  return readOwn(cedar, schema, others, [...texts, ...(instead.text.trim() === '' ? [] : [replacement])])
}

function readOwn(
  cedar: Cedar,
  schema: string,
  shipped: readonly PolicySource[],
  texts: readonly OwnPolicyText[],
): { readonly all: readonly PolicySource[]; readonly problems: readonly PolicyProblem[] } {
  const read = texts.map(({ name, text }) => readPolicyText(cedar, name, text))
  const all = [...shipped, ...read.flatMap(({ policies }) => policies)]
  const problems = read.flatMap((one) => one.problems)
  return { all, problems: problems.length > 0 ? problems : checkPolicies(cedar, schema, all) }
}
