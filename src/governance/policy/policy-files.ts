import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AtelierError, Digest } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import { policyErrors } from './errors.ts'
import { checkPolicies, readPolicyText, schemaProblem } from './policy-text.ts'
import type { Cedar, PolicyProblem, PolicySource } from './policy-text.ts'

export interface PolicyFiles {
  readonly schema: string
  readonly policies: readonly PolicySource[]
}

/** Remembers from one process to the next what was found without a fault, since to check it takes half a second. */
export interface FaultlessPolicies {
  has(digest: Digest): boolean
  add(digest: Digest): void
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
  faultless?: FaultlessPolicies,
): Promise<PolicyFiles> {
  const schema = await readText(schemaFile)
  const policies: PolicySource[] = []
  for (const folder of folders) {
    for (const file of await listPolicyFiles(folder)) {
      const read = readPolicyText(cedar, file, await readText(file))
      if (read.problems.length > 0) throw invalid(policyErrors.INVALID, read.problems)
      policies.push(...read.policies)
    }
  }
  const digest = digestOfValue({ cedar: cedar.getCedarVersion(), schema, policies })
  if (faultless?.has(digest)) return { schema, policies }
  const parsed = cedar.checkParseSchema(schema)
  if (parsed.type === 'failure') {
    const problems = parsed.errors.map((error) => schemaProblem(schemaFile, schema, error))
    throw invalid(policyErrors.SCHEMA_INVALID, problems)
  }
  const problems = checkPolicies(cedar, schema, policies)
  if (problems.length > 0) throw invalid(policyErrors.INVALID, problems)
  faultless?.add(digest)
  return { schema, policies }
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

function invalid(create: typeof policyErrors.INVALID, problems: readonly PolicyProblem[]): AtelierError {
  const [first] = problems
  if (first === undefined) return create()
  const { file, line, message } = first
  return create({ detail: `${file}:${line}: ${message}`, details: { file, line, problems } })
}
