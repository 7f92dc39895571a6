import type * as cedarModule from '@cedar-policy/cedar-wasm/nodejs'

export type Cedar = typeof cedarModule

/** One policy and where its text stands. */
export interface PolicySource {
  readonly id: string
  readonly text: string
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** What is wrong with a text of policies, and where. */
export interface PolicyProblem {
  readonly file: string
  /** Both 1-based. */
  readonly line: number
  readonly column: number
  readonly message: string
  /** What would be right, where Cedar knows. */
  readonly help: string | null
}

/** A text of policies taken apart. Without problems, every policy in it has an id. */
export interface ReadPolicies {
  readonly policies: readonly PolicySource[]
  readonly problems: readonly PolicyProblem[]
}

/** Takes a text of policies apart; whether they fit the schema is {@link checkPolicies}' business. */
export function readPolicyText(cedar: Cedar, file: string, text: string): ReadPolicies {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure')
    return { policies: [], problems: parts.errors.map((error) => problemOf(file, text, 0, error)) }
  const at = (part: string, message: string): PolicyProblem => ({
    file,
    ...placeAt(text, Math.max(0, text.indexOf(part))),
    message,
    help: null,
  })
  const problems = parts.policy_templates.map((template) => at(template, 'templates are not supported'))
  const policies: PolicySource[] = []
  for (const policy of parts.policies) {
    const id = annotatedId(cedar, policy)
    if (id === undefined) problems.push(at(policy, 'the policy needs an @id annotation'))
    else policies.push({ id, text: policy, file, line: at(policy, '').line })
  }
  return { policies: policies.sort((a, b) => a.line - b.line), problems }
}

function annotatedId(cedar: Cedar, policy: string): string | undefined {
  // As nearly all of them begin; Cedar takes a millisecond to take a policy apart.
  const plain = /^\s*@id\("([\w/-]+)"\)/.exec(policy)?.[1]
  if (plain !== undefined) return plain
  const answer = cedar.policyToJson(policy)
  return answer.type === 'success' ? answer.json.annotations?.['id'] : undefined
}

/** What is wrong with policies together: ids that stand twice, and what does not fit the schema. */
export function checkPolicies(
  cedar: Cedar,
  schema: string,
  policies: readonly PolicySource[],
): readonly PolicyProblem[] {
  const repeated = repeatedIds(policies)
  if (repeated.length > 0) return repeated
  const answer = cedar.validate({ schema, policies: { staticPolicies: staticPolicies(policies) } })
  if (answer.type === 'failure')
    return answer.errors.map(({ message, help }) => ({
      file: policies[0]?.file ?? '',
      line: 1,
      column: 1,
      message,
      help: help ?? null,
    }))
  return answer.validationErrors.map(({ policyId, error }) => {
    const source = policies.find(({ id }) => id === policyId)
    return source === undefined
      ? { file: '', line: 1, column: 1, message: error.message, help: error.help ?? null }
      : problemOf(source.file, source.text, source.line - 1, error)
  })
}

function repeatedIds(policies: readonly PolicySource[]): readonly PolicyProblem[] {
  const seen = new Map<string, PolicySource>()
  return policies.flatMap((policy) => {
    const { id, file, line } = policy
    const earlier = seen.get(id)
    seen.set(id, earlier ?? policy)
    if (earlier === undefined) return []
    const message = `the id ${id} is already used at ${earlier.file}:${earlier.line}`
    return { file, line, column: 1, message, help: null }
  })
}

/** Policies by id, as Cedar takes them. */
export function staticPolicies(policies: readonly PolicySource[]): Record<string, string> {
  return Object.fromEntries(policies.map(({ id, text }) => [id, text]))
}

/** A fault of the schema itself. */
export function schemaProblem(file: string, schema: string, error: cedarModule.DetailedError): PolicyProblem {
  return problemOf(file, schema, 0, error)
}

function problemOf(
  file: string,
  text: string,
  linesBefore: number,
  error: cedarModule.DetailedError,
): PolicyProblem {
  const location = error.sourceLocations?.[0]
  // Cedar counts bytes of UTF-8; strings here count UTF-16 code units.
  const before = Buffer.from(text)
    .subarray(0, location?.start ?? 0)
    .toString()
  const { line, column } = placeAt(before, before.length)
  const expectation = location?.label == null ? '' : ` (${location.label})`
  return {
    file,
    line: linesBefore + line,
    column,
    message: `${error.message}${expectation}`,
    help: error.help ?? null,
  }
}

function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}
