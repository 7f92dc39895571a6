import { dirname, extname, join } from 'node:path/posix'
import type { ChunkOutline } from '../indexing/outline.ts'
import { termsOfChunk } from '../indexing/outline-format.ts'
import type { RankedFile } from '../ranking/rank.ts'
import { termsOfWord } from '../words/terms.ts'
import type { Place } from './piece.ts'
import type { Proposal } from './select.ts'

/** Definitions of types, whose names code is read with. */
const typeSignature =
  /^(?:(?:export|default|declare|abstract|public|private|internal|sealed|final|static|pub(?:\(\w+\))?|data)\s+)*(?:interface|type|class|struct|enum|trait|record|protocol|@dataclass|typedef)\b/
const longestNeighbour = 60

/**
 * What makes the shown pieces readable: the imports of their files, and the types that they name, of those that the
 * ranking has seen or the files import; what more pieces need comes first.
 */
export function proposeNeighbours(
  shown: readonly Place[],
  ranked: readonly RankedFile[],
): readonly Proposal[] {
  const files = new Map(ranked.map((file) => [file.path, file] as const))
  const places = shown.flatMap((place) => {
    const file = files.get(place.path)
    const chunk =
      file?.evidence.outline.chunks.findIndex(({ startLine }) => startLine === place.startLine) ?? -1
    return file === undefined || chunk < 0 ? [] : [{ file, chunk }]
  })
  const said = new Map<string, number>()
  for (const { file, chunk } of places)
    for (const term of termsOfChunk(file.evidence.outline, chunk)) said.set(term, (said.get(term) ?? 0) + 1)
  const types = ranked.flatMap((file) =>
    file.evidence.outline.chunks.flatMap((chunk): Proposal[] => {
      const [name] = chunk.symbols
      if (name === undefined || !typeSignature.test(chunk.signature) || rows(chunk) > longestNeighbour)
        return []
      const users = said.get(termsOfWord(name).at(-1) ?? '') ?? 0
      return users === 0 ? [] : [neighbour(file, chunk, users / Math.sqrt(rows(chunk)), `defines ${name}`)]
    }),
  )
  const imports = [...new Set(places.map(({ file }) => file))].flatMap((file): Proposal[] => {
    const [first] = file.evidence.outline.chunks
    if (first === undefined || file.evidence.outline.imports.length === 0 || rows(first) > longestNeighbour)
      return []
    const pieces = places.filter((place) => place.file === file).length
    return [neighbour(file, first, pieces / Math.sqrt(rows(first)), `imports of ${file.path}`)]
  })
  return [...types, ...imports].toSorted((one, other) => other.worth - one.worth)
}

/** Where what files import by relative paths may be: those come along, whatever their words are. */
export function importPaths(files: readonly RankedFile[]): readonly string[] {
  const relative = files.flatMap(({ path, evidence }) =>
    evidence.outline.imports.flatMap((name) => {
      if (/^\.\.?\//.test(name)) return [join(dirname(path), name)]
      const [, dots = '', rest = ''] = /^(\.+)(\w[\w.]*)$/.exec(name) ?? []
      return rest === ''
        ? []
        : [join(dirname(path), '../'.repeat(dots.length - 1), `${rest.replaceAll('.', '/')}.py`)]
    }),
  )
  return [...new Set(relative)].flatMap((path) =>
    extname(path) === ''
      ? ['.ts', '.tsx', '.js', '.rb', '/index.ts', '/index.js'].map((end) => path + end)
      : [path],
  )
}

function neighbour(file: RankedFile, chunk: ChunkOutline, worth: number, why: string): Proposal {
  return { file, chunk, fit: 0, worth, why: [why] }
}

function rows({ startLine, endLine }: ChunkOutline): number {
  return endLine - startLine + 1
}
