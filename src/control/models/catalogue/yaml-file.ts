import { readFile } from 'node:fs/promises'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { AtelierError } from '../../../kernel/index.ts'

type Path = readonly PropertyKey[]

/** A YAML file that people write, and where in it everything stands. */
export interface YamlFile<T> {
  readonly path: string
  readonly value: T
  /** `file:line` of what stands at this path, or of the nearest thing around it. */
  placeOf(path: Path): string
}

/** Makes the error for a file; `detail` names the place. */
export type InvalidFile = (occurrence: { readonly detail: string; readonly cause?: unknown }) => AtelierError

/**
 * Reads a file and checks it against a schema; undefined when there is no such file.
 * @throws what `invalid` makes, naming file and line.
 */
export async function readYamlFile<S extends z.ZodType>(
  path: string,
  schema: S,
  invalid: InvalidFile,
): Promise<YamlFile<z.output<S>> | undefined> {
  const text = await readText(path, invalid)
  if (text === undefined) return undefined
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const placeAt = (offset: number): string => `${path}:${lines.linePos(offset).line}`
  const [problem] = document.errors
  if (problem !== undefined)
    throw invalid({ detail: `${placeAt(problem.pos[0])}: ${problem.message.split('\n')[0] ?? ''}` })
  const placeOf = (wanted: Path): string => {
    for (let depth = wanted.length; depth > 0; depth -= 1) {
      const offset = offsetOf(document.getIn(wanted.slice(0, depth), true))
      if (offset !== undefined) return placeAt(offset)
    }
    return `${path}:1`
  }
  const parsed = schema.safeParse(toValue(() => document.toJS({ maxAliasCount: 20 }), path, invalid))
  if (!parsed.success) throw invalid({ detail: describeIssues(parsed.error, placeOf) })
  return { path, value: parsed.data, placeOf }
}

/** What is wrong, each with its place: `models.yaml:12: models.small.context: expected number`. */
export function describeIssues(error: z.ZodError, placeOf: (path: Path) => string): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${placeOf(path)}: ${path.map(String).join('.') || 'the file'}: ${message}`)
    .join('; ')
}

async function readText(path: string, invalid: InvalidFile): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw invalid({ detail: `${path}: it cannot be read (${code})`, cause })
  }
}

function toValue(read: () => unknown, path: string, invalid: InvalidFile): unknown {
  try {
    return read() ?? {}
  } catch (cause) {
    throw invalid({ detail: `${path}: ${cause instanceof Error ? cause.message : 'no data'}`, cause })
  }
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : undefined
}
