import { readdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { LineCounter, isNode, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { modelServerErrors } from './errors.ts'
import { scenarioSchema } from './scenario.ts'
import type { Scenario, ScenarioSource } from './scenario.ts'

const shippedFolder = path.join(import.meta.dirname, '../../../models/scenarios')
const largestFile = 4 * 1024 * 1024

/** Names of the scenarios that ship with the studio; each can be given in place of a file. */
export function shippedScenarios(): readonly string[] {
  return readdirSync(shippedFolder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort()
}

/**
 * Reads a scenario from a YAML file, from a shipped scenario's name, or from a value.
 *
 * @throws ATL_MODEL_SERVER_SCENARIO_UNREADABLE, ATL_MODEL_SERVER_SCENARIO_INVALID with file, line and column
 */
export async function readScenario(source: string | ScenarioSource): Promise<Scenario> {
  if (typeof source !== 'string') return checked(source, (issue) => issue.path.join('.'))
  const file = shippedScenarios().includes(source) ? path.join(shippedFolder, `${source}.yaml`) : source
  const text = await readText(file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number | undefined): string => {
    if (offset === undefined) return file
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const problem = document.errors[0]
  if (problem)
    throw modelServerErrors.SCENARIO_INVALID({ detail: `${place(problem.pos[0])}: ${problem.message}` })
  return checked(document.toJS({ maxAliasCount: 100 }), (issue) => place(startOf(document, issue.path)))
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > largestFile)
      throw modelServerErrors.SCENARIO_UNREADABLE({ detail: `${file} has ${size} bytes` })
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) throw cause
    const shipped = shippedScenarios().join(', ')
    throw modelServerErrors.SCENARIO_UNREADABLE({
      detail: `${file} is neither a file that can be read (${String(cause.code)}) nor one of ${shipped}`,
      cause,
    })
  }
}

type Issue = z.core.$ZodIssue

function checked(value: unknown, place: (issue: Issue) => string): Scenario {
  const result = scenarioSchema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.flatMap(mostSpecific)
  const detail = issues
    .slice(0, 5)
    .map((issue) => `${place(issue)}: ${issue.path.join('.') || 'the scenario'}: ${issue.message}`)
    .join('; ')
  throw modelServerErrors.SCENARIO_INVALID({ detail })
}

/** Of the alternatives of a union the one that came furthest, so that the message is about what was meant. */
function mostSpecific(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length))
  const alternatives = issue.errors
    .map((issues) => issues.flatMap(mostSpecific))
    .filter((issues) => issues.length > 0)
    .sort((a, b) => Number(isOfWrongType(a)) - Number(isOfWrongType(b)) || depth(b) - depth(a))
  const [best] = alternatives
  if (best === undefined) return [issue]
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** The value is not even of the kind that this alternative is about. */
function isOfWrongType(issues: readonly Issue[]): boolean {
  return issues.some(
    ({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
  )
}

function startOf(document: Document.Parsed, at: readonly PropertyKey[]): number | undefined {
  for (let length = at.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(at.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return undefined
}
