import { LineCounter, isAlias, isMap, isNode, isScalar, parseDocument, visit } from 'yaml'
import type { Document, Node, YAMLMap } from 'yaml'
import { definitionErrors } from './errors.ts'

export type ValuePath = readonly (string | number)[]

interface SourcePosition {
  /** Both from 1. */
  readonly line: number
  readonly column: number
}

/** A definition as it was written: its value, and where each part of it stands when it came as text. */
export interface DefinitionSource {
  readonly value: unknown
  /** The place of the value at a path, or of the nearest one around it. */
  positionOf(path: ValuePath): SourcePosition | undefined
}

const maximumBytes = 1_048_576
/** Lines and commas, as a measure of how many values there can be. */
const maximumSeparators = 40_000
const maximumDepth = 64

/**
 * Reads a definition from YAML text (JSON is YAML), or takes the value as it is. Text may come from outside, so what
 * makes YAML dangerous is refused: size, depth, aliases (which can grow without bound), tags and duplicate keys.
 */
export function readDefinitionSource(source: unknown): DefinitionSource {
  if (typeof source !== 'string') return { value: source, positionOf: () => undefined }
  const bytes = Buffer.byteLength(source)
  if (bytes > maximumBytes) throw definitionErrors.TOO_LARGE({ detail: `${bytes} bytes`, details: { bytes } })
  refuseExcess(source)
  const lines = new LineCounter()
  const document = parse(source, lines)
  const reject = (detail: string, offset: number | undefined): never => {
    throw definitionErrors.NOT_YAML({ detail, details: { ...positionAt(lines, offset) } })
  }
  const problem = document.errors.at(0) ?? document.warnings.at(0)
  if (problem !== undefined) reject(problem.message, problem.pos[0])
  refuseHostileNodes(document, reject)
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    positionOf: (path) => positionAt(lines, startOf(document, path)),
  }
}

/** A parser takes minutes for some texts of a megabyte; what these have in common is seen without parsing. */
function refuseExcess(source: string): void {
  let separators = 0
  let depth = 0
  for (const character of source) {
    if (character === '\n' || character === ',') separators += 1
    else if (character === '[' || character === '{') depth += 1
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1
    if (separators > maximumSeparators)
      throw definitionErrors.TOO_LARGE({ detail: `more than ${maximumSeparators} lines and commas` })
    if (depth > maximumDepth) throw definitionErrors.NOT_YAML({ detail: 'it is nested too deeply' })
  }
  if (/(?:^|[\s:])(?:[-?:]\s+){64}/.test(source))
    throw definitionErrors.NOT_YAML({ detail: 'it is nested too deeply' })
}

function parse(source: string, lines: LineCounter): Document.Parsed {
  try {
    // The library compares every key with every other one; duplicates are looked for below, in linear time.
    return parseDocument(source, {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      version: '1.2',
    })
  } catch (cause) {
    throw definitionErrors.NOT_YAML({ detail: String(cause), cause })
  }
}

function refuseHostileNodes(
  document: Document.Parsed,
  reject: (detail: string, offset?: number) => never,
): void {
  visit(document, {
    Node: (_key, node: Node) => {
      if (isAlias(node)) reject('aliases are not accepted', node.range?.[0])
      if ('anchor' in node && typeof node.anchor === 'string')
        reject('anchors are not accepted', node.range?.[0])
      const tag: string | undefined = node.tag
      if (tag?.startsWith('tag:yaml.org,2002:') === false)
        reject(`the tag ${tag} is not accepted`, node.range?.[0])
      if (isMap(node)) refuseDuplicateKeys(node, reject)
    },
  })
}

function refuseDuplicateKeys(map: YAMLMap, reject: (detail: string, offset?: number) => never): void {
  const seen = new Set<string>()
  for (const pair of map.items) {
    const key = isScalar(pair.key)
      ? String(pair.key.value)
      : reject('keys must be plain text', offsetOf(pair.key))
    if (seen.has(key)) reject(`the key \`${key}\` stands twice`, offsetOf(pair.key))
    seen.add(key)
  }
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function startOf(document: Document.Parsed, path: ValuePath): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    const offset = offsetOf(node)
    if (offset !== undefined) return offset
  }
  return undefined
}

function positionAt(lines: LineCounter, offset: number | undefined): SourcePosition | undefined {
  if (offset === undefined) return undefined
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
