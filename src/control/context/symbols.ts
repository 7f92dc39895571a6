import type { ChunkOutline } from './indexing/outline.ts'
import type { OutlineView } from './indexing/outline-format.ts'
import type { RankedFile } from './ranking/rank.ts'
import { termsOfWord, wordsOf } from './words/terms.ts'

/** A chunk that defines a name, or says it. */
interface SymbolPlace {
  readonly path: string
  /** Of the chunk; from 1, both included. */
  readonly startLine: number
  readonly endLine: number
  /** Names of what encloses it, outermost first. */
  readonly within: readonly string[]
  readonly signature: string
}

/** Where a name is defined, and where it is used. */
export interface SymbolPlaces {
  readonly definitions: readonly SymbolPlace[]
  readonly references: readonly SymbolPlace[]
}

/**
 * Finds a name in ranked files. `Server.listen` and `Server::listen` mean a `listen` inside a `Server`, or in a file of
 * that name, if there is one; capitals count only to put those that agree first.
 */
export function findSymbol(name: string, ranked: readonly RankedFile[], limit: number): SymbolPlaces {
  const words = wordsOf(name)
  const symbol = words.at(-1) ?? ''
  const qualifiers = words.slice(0, -1).map((word) => word.toLowerCase())
  const definitions: { readonly place: SymbolPlace; readonly fit: number }[] = []
  const references: SymbolPlace[] = []
  for (const { path, evidence } of ranked) {
    const saying = chunksSaying(evidence.outline, symbol)
    for (const [index, chunk] of evidence.outline.chunks.entries()) {
      const defined = chunk.symbols.find((own) => own.toLowerCase() === symbol.toLowerCase())
      const place = placeOf(path, chunk)
      if (defined !== undefined) {
        const around = [path, ...chunk.within, ...chunk.symbols].join(' ').toLowerCase()
        const qualified = qualifiers.filter((qualifier) => around.includes(qualifier)).length
        definitions.push({ place, fit: qualified * 2 + (defined === symbol ? 1 : 0) })
      } else if (saying.has(index)) references.push(place)
    }
  }
  const best = Math.max(0, ...definitions.map(({ fit }) => fit))
  // Names that only differ in capitals, or are defined elsewhere than asked, are shown when there is nothing better.
  const fitting = definitions.filter(({ fit }) => fit === best)
  return {
    definitions: fitting.slice(0, limit).map(({ place }) => place),
    references: references.slice(0, limit),
  }
}

function placeOf(path: string, { startLine, endLine, within, signature }: ChunkOutline): SymbolPlace {
  return { path, startLine, endLine, within, signature }
}

/** Places of the chunks that have the name's term: the index keeps no text. */
function chunksSaying({ termIndex, starts, occurrences }: OutlineView, symbol: string): ReadonlySet<number> {
  const term = termIndex.get(termsOfWord(symbol).at(-1) ?? '')
  const places = new Set<number>()
  if (term === undefined) return places
  for (let at = starts[term] ?? 0; at < (starts[term + 1] ?? 0); at += 2) places.add(occurrences[at] ?? 0)
  return places
}
