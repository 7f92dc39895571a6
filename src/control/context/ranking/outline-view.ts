import type { FileOutline } from '../indexing/outline.ts'
import { termsOfWord } from '../words/terms.ts'

/** An outline with what queries look up in it. */
export interface OutlineView extends FileOutline {
  /** Where each term stands in the outline's list. */
  readonly termIndex: ReadonlyMap<string, number>
  /** For each symbol the term that stands for all of it. */
  readonly wholeNames: ReadonlySet<string>
  /** For each chunk the terms of its symbols and of what encloses it, as places in the list. */
  readonly namedTerms: readonly ReadonlySet<number>[]
}

/** Reads the column `outline`. */
export function readOutline(json: string): OutlineView {
  const outline = JSON.parse(json) as FileOutline
  const termIndex = new Map(outline.terms.map((term, index) => [term, index] as const))
  const symbols = outline.chunks.flatMap((chunk) => chunk.symbols)
  return {
    ...outline,
    termIndex,
    wholeNames: new Set(symbols.flatMap((symbol) => termsOfWord(symbol).slice(-1))),
    namedTerms: outline.chunks.map(
      (chunk) =>
        new Set(
          [...chunk.symbols, ...chunk.within]
            .flatMap(termsOfWord)
            .flatMap((term) => termIndex.get(term) ?? []),
        ),
    ),
  }
}
