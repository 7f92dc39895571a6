import type * as cedarModule from '@cedar-policy/cedar-wasm/nodejs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AtelierError, Digest } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import { policyErrors } from './errors.ts'

type Cedar = typeof cedarModule

/** One policy and where its text stands. */
export interface PolicySource {
  readonly id: string
  readonly text: string
  readonly file: string
  /** 1-based. */
  readonly line: number
}

export interface PolicyFiles {
  readonly schema: string
  readonly policies: readonly PolicySource[]
  /** Over the schema and every policy's id and text: what an approval binds to. */
  readonly digest: Digest
}

/**
 * Reads `schemaFile` and every `*.cedar` file of the folders, in the order given, and checks all of it. Every policy
 * needs an `@id` that is unique over all files, because decisions name the policies that made them.
 *
 * @throws ATL_POLICY_UNREADABLE, ATL_POLICY_SCHEMA_INVALID, ATL_POLICY_INVALID with file and line.
 */
export async function readPolicyFiles(
  cedar: Cedar,
  schemaFile: string,
  folders: readonly string[],
): Promise<PolicyFiles> {
  const schema = await readText(schemaFile)
  const parsed = cedar.checkParseSchema(schema)
  if (parsed.type === 'failure') {
    throw invalid(policyErrors.SCHEMA_INVALID, schemaFile, schema, 0, parsed.errors)
  }
  const policies: PolicySource[] = []
  for (const folder of folders) {
    for (const file of await listPolicyFiles(folder)) {
      policies.push(...splitPolicies(cedar, file, await readText(file)))
    }
  }
  rejectDuplicates(policies)
  validateAgainstSchema(cedar, schema, policies)
  const digest = digestOfValue({ schema, policies: policies.map(({ id, text }) => ({ id, text })) })
  return { schema, policies, digest }
}

async function listPolicyFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => name.endsWith('.cedar'))
      .sort()
      .map((name) => join(folder, name))
  } catch (cause) {
    throw policyErrors.UNREADABLE({ detail: folder, cause })
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw policyErrors.UNREADABLE({ detail: file, cause })
  }
}

function splitPolicies(cedar: Cedar, file: string, text: string): readonly PolicySource[] {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw invalid(policyErrors.INVALID, file, text, 0, parts.errors)
  if (parts.policy_templates.length > 0) {
    throw policyErrors.INVALID({ detail: `${file}: templates are not supported`, details: { file } })
  }
  return parts.policies
    .map((policy) => ({ policy, start: Math.max(0, text.indexOf(policy)) }))
    .sort((a, b) => a.start - b.start)
    .map(({ policy, start }) => {
      const line = lineAt(text, start)
      const id = annotatedId(cedar, policy)
      if (id === undefined) {
        throw policyErrors.INVALID({
          detail: `${file}:${line}: the policy needs an @id annotation`,
          details: { file, line },
        })
      }
      return { id, text: policy, file, line }
    })
}

function annotatedId(cedar: Cedar, policy: string): string | undefined {
  const answer = cedar.policyToJson(policy)
  return answer.type === 'success' ? answer.json.annotations?.['id'] : undefined
}

function rejectDuplicates(policies: readonly PolicySource[]): void {
  const seen = new Map<string, PolicySource>()
  for (const policy of policies) {
    const { id, file, line } = policy
    const earlier = seen.get(id)
    if (earlier !== undefined) {
      throw policyErrors.INVALID({
        detail: `${file}:${line}: the id ${id} is already used at ${earlier.file}:${earlier.line}`,
        details: { file, line },
      })
    }
    seen.set(id, policy)
  }
}

function validateAgainstSchema(cedar: Cedar, schema: string, policies: readonly PolicySource[]): void {
  const answer = cedar.validate({ schema, policies: { staticPolicies: staticPolicies(policies) } })
  if (answer.type === 'failure') {
    throw policyErrors.INVALID({ detail: answer.errors.map((error) => error.message).join('; ') })
  }
  const [first] = answer.validationErrors
  if (first === undefined) return
  const source = policies.find((policy) => policy.id === first.policyId)
  if (source === undefined) throw policyErrors.INVALID({ detail: first.error.message })
  throw invalid(policyErrors.INVALID, source.file, source.text, source.line - 1, [first.error])
}

/** Policies by id, as Cedar takes them. */
export function staticPolicies(policies: readonly PolicySource[]): Record<string, string> {
  return Object.fromEntries(policies.map(({ id, text }) => [id, text]))
}

function invalid(
  create: typeof policyErrors.INVALID,
  file: string,
  text: string,
  linesBefore: number,
  errors: readonly cedarModule.DetailedError[],
): AtelierError {
  const [error] = errors
  const location = error?.sourceLocations?.[0]
  // Cedar counts bytes of UTF-8; strings here count UTF-16 code units.
  const before = Buffer.from(text)
    .subarray(0, location?.start ?? 0)
    .toString()
  const line = linesBefore + lineAt(before, before.length)
  const expectation = location?.label == null ? '' : ` (${location.label})`
  const message = `${error?.message ?? 'not valid'}${expectation}`
  return create({ detail: `${file}:${line}: ${message}`, details: { file, line } })
}

/** 1-based line of an offset. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
