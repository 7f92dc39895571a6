import type { Lines } from './lines.ts'

/** A piece of a file that is understood by itself. Lines count from 1, both ends included. */
export interface Chunk {
  readonly startLine: number
  readonly endLine: number
  /** Names that are defined here, in order. */
  readonly symbols: readonly string[]
  /** Names of what encloses the chunk, outermost first. */
  readonly within: readonly string[]
  /** First line of the definition, or of the innermost one that the chunk continues. */
  readonly signature: string
  /** First lines of the definitions that the chunk continues, to be repeated above it. */
  readonly headerLines: readonly number[]
  /** Comment lines at the beginning. */
  readonly docLines: number
}

/** A place where a chunk may begin. Units of one group may stand in a chunk together. */
export interface Unit {
  readonly row: number
  readonly group: number
}

/** Something with a name. Rows count from 0. */
export interface Definition {
  readonly name: string
  readonly row: number
  readonly endRow: number
}

/** Characters: some 1,100 tokens. What is longer is split. */
export const maxChunkLength = 4_000

const longestSignature = 200
const deepestHeader = 3

/** Puts units together to chunks that cover the file: whole groups where they fit, else as many units as do. */
export function formChunks(
  lines: Lines,
  units: readonly Unit[],
  definitions: readonly Definition[],
  isComment: (line: string) => boolean = () => false,
): readonly Chunk[] {
  const starts = startRows(lines, units)
  return starts.flatMap((start, index) => {
    const range = withoutBlankEnds(lines, start, (starts[index + 1] ?? lines.count) - 1)
    return range === undefined ? [] : [describe(lines, range, definitions, isComment)]
  })
}

function startRows(lines: Lines, units: readonly Unit[]): readonly number[] {
  const ordered = units.toSorted((a, b) => a.row - b.row)
  const starts = [0]
  let group = ordered[0]?.group
  for (const [index, unit] of ordered.entries()) {
    const start = starts.at(-1) ?? 0
    const end = (ordered[index + 1]?.row ?? lines.count) - 1
    const fits = lines.length(start, end) <= maxChunkLength
    if (unit.row > start && (unit.group !== group || !fits)) starts.push(unit.row)
    group = unit.group
  }
  return starts
}

function withoutBlankEnds(lines: Lines, first: number, last: number): readonly [number, number] | undefined {
  let [start, end] = [first, last]
  while (start <= end && lines.isBlank(start)) start += 1
  while (end >= start && lines.isBlank(end)) end -= 1
  return start > end ? undefined : [start, end]
}

function describe(
  lines: Lines,
  [start, end]: readonly [number, number],
  definitions: readonly Definition[],
  isComment: (line: string) => boolean,
): Chunk {
  const own = definitions.filter(({ row }) => row >= start && row <= end)
  const around = definitions.filter(({ row, endRow }) => row < start && endRow >= start)
  const named = own[0] ?? around.at(-1)
  let docLines = 0
  while (start + docLines < end && isComment(lines.slice(start + docLines, start + docLines))) docLines += 1
  return {
    startLine: start + 1,
    endLine: end + 1,
    symbols: [...new Set(own.map(({ name }) => name))],
    within: around.map(({ name }) => name),
    signature: lines
      .slice(named?.row ?? start, named?.row ?? start)
      .trim()
      .slice(0, longestSignature),
    headerLines: around.slice(0, deepestHeader).map(({ row }) => row + 1),
    docLines,
  }
}
