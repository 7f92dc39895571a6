import type { Digest } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import { alikeRequests } from './alike-requests.ts'
import { toCedarRequest } from './cedar-request.ts'
import { staticPolicies } from './policy-text.ts'
import type { Cedar, PolicySource } from './policy-text.ts'
import type { PolicyRequest } from './request.ts'

export interface PolicyDecision {
  readonly decision: 'allow' | 'deny'
  /** Ids of the policies that decided. Empty when nothing permitted the request: the default is to deny. */
  readonly policies: readonly string[]
  readonly policySet: Digest
  /** Digest of the whole request as the policies saw it. */
  readonly input: Digest
  /** Why policies could not be evaluated; any error denies. */
  readonly errors: readonly string[]
}

/** Policies that decide together. */
export interface PolicySet {
  /** Over the schema and every policy's id and text: what an approval binds to. */
  readonly digest: Digest
  readonly policies: readonly PolicySource[]
  /** Pure: the same request and policies always give the same decision. */
  decide(request: PolicyRequest): PolicyDecision
}

/** Answers that are kept; a run asks few different questions. */
const mostAnswers = 10_000

export function digestOfPolicies(schema: string, policies: readonly PolicySource[]): Digest {
  return digestOfValue({ schema, policies: policies.map(({ id, text }) => ({ id, text })) })
}

/**
 * Preparses policies that were checked before; a decision then takes a fraction of a millisecond. Cedar keeps a
 * preparsed set for the life of the process under the name of its `slot`; another set in the same slot takes its place,
 * and the one before must not be asked any more.
 */
export function compilePolicies(
  cedar: Cedar,
  schema: string,
  policies: readonly PolicySource[],
  slot: string,
): PolicySet {
  const digest = digestOfPolicies(schema, policies)
  const schemaName = digestOfValue(schema)
  cedar.preparseSchema(schemaName, schema)
  cedar.preparsePolicySet(slot, { staticPolicies: staticPolicies(policies) })

  const ask = (request: PolicyRequest, input: Digest): PolicyDecision => {
    const answer = cedar.statefulIsAuthorized({
      ...toCedarRequest(request),
      preparsedSchemaName: schemaName,
      preparsedPolicySetId: slot,
      validateRequest: true,
    })
    if (answer.type === 'failure') {
      const errors = answer.errors.map((error) => error.message)
      return { decision: 'deny', policies: [], policySet: digest, input, errors }
    }
    const { decision, diagnostics } = answer.response
    const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`)
    return {
      // Cedar skips a policy that fails; here a guardrail that cannot be evaluated must not open the door.
      decision: errors.length > 0 ? 'deny' : decision,
      policies: [...diagnostics.reason].sort(),
      policySet: digest,
      input,
      errors,
    }
  }
  // The digest is over all that policies can see, and these never change, so an answer holds for ever.
  const answers = new Map<Digest, PolicyDecision>()
  const alike = alikeRequests(policies)
  const answersToAlike = new Map<Digest, PolicyDecision>()
  return {
    digest,
    policies,
    decide: (request) => {
      const input = digestOfValue(request)
      const known = answers.get(input)
      if (known !== undefined) return known
      const kind = digestOfValue(alike(request))
      const same = answersToAlike.get(kind)
      const answer = same === undefined ? ask(request, input) : { ...same, input }
      keep(answers, input, answer)
      // What went wrong is told with names.
      if (answer.errors.length === 0) keep(answersToAlike, kind, answer)
      return answer
    },
  }
}

function keep(answers: Map<Digest, PolicyDecision>, key: Digest, answer: PolicyDecision): void {
  for (const oldest of answers.keys()) {
    if (answers.size < mostAnswers) break
    answers.delete(oldest)
  }
  answers.set(key, answer)
}

/** A set that cannot be evaluated: everything is denied, and the decision says why. */
export function refuseAll(digest: Digest, policies: readonly PolicySource[], reason: string): PolicySet {
  return {
    digest,
    policies,
    decide: (request) => ({
      decision: 'deny',
      policies: [],
      policySet: digest,
      input: digestOfValue(request),
      errors: [reason],
    }),
  }
}
