import { termsOfWord } from '../words/terms.ts'
import { ByteReader, ByteWriter } from './byte-stream.ts'
import type { ChunkOutline, CountedChunk, FileOutline, NumberList } from './outline.ts'

/** An outline as queries look into it, and as it is kept in memory. */
export interface OutlineView extends Omit<FileOutline, 'chunks'> {
  readonly chunks: readonly ChunkOutline[]
  /** Where each term stands in the outline's list. */
  readonly termIndex: ReadonlyMap<string, number>
  /** For each symbol the term that stands for all of it. */
  readonly wholeNames: ReadonlySet<string>
  /** For each chunk the terms of its symbols and of what encloses it, as places in the list. */
  readonly namedTerms: readonly ReadonlySet<number>[]
  /** For each term where its pairs begin among {@link occurrences}; one more for the end. */
  readonly starts: Uint32Array
  /** Pairs of the place of a chunk and how often it has the term. */
  readonly occurrences: Uint32Array
  /** Bytes of memory that it takes, about. */
  readonly bytes: number
}

/** Names of a chunk, and what else of it only people read; the rest is in numbers. */
type ChunkNames = readonly [symbols: readonly string[], within: readonly string[], signature: string]

interface OutlineNames {
  /** Without spaces of their own, so they are separated by them. */
  readonly terms: string
  readonly imports: readonly string[]
  readonly chunks: readonly ChunkNames[]
}

/**
 * An outline as it is stored: a JSON text of its names, then numbers for each chunk. What can be found out from the
 * names, but takes a while, is stored too.
 */
export function encodeOutline({ terms, imports, chunks }: FileOutline): Buffer {
  const names: OutlineNames = {
    terms: terms.join(' '),
    imports,
    chunks: chunks.map(({ symbols, within, signature }) => [symbols, within, signature]),
  }
  const index = new Map(terms.map((term, place) => [term, place] as const))
  const placesOf = (found: readonly string[]): readonly number[] =>
    [...new Set(found.flatMap((term) => index.get(term) ?? []))].toSorted((one, other) => one - other)
  const writer = new ByteWriter()
  const list = (numbers: NumberList): void => {
    writer.number(numbers.length)
    writer.ascending(numbers)
  }
  writer.text(JSON.stringify(names))
  list(placesOf(chunks.flatMap(({ symbols }) => symbols.flatMap((name) => termsOfWord(name).slice(-1)))))
  for (const chunk of chunks) {
    writer.number(chunk.startLine)
    writer.number(chunk.endLine - chunk.startLine)
    writer.number(chunk.length)
    list(chunk.headerLines)
    list(placesOf([...chunk.symbols, ...chunk.within].flatMap(termsOfWord)))
    list(chunk.docTerms)
  }
  for (const chunksOfTerm of byTerm(terms.length, chunks)) {
    writer.number(chunksOfTerm.length)
    writer.ascending(chunksOfTerm.map(({ place }) => place))
    for (const { count } of chunksOfTerm) writer.number(count)
  }
  return writer.take()
}

/** For each term the chunks that have it. */
function byTerm(
  terms: number,
  chunks: readonly CountedChunk[],
): readonly (readonly { readonly place: number; readonly count: number }[])[] {
  const lists = Array.from({ length: terms }, (): { place: number; count: number }[] => [])
  for (const [place, { counts }] of chunks.entries())
    for (let index = 0; index < counts.length; index += 2)
      lists[counts[index] ?? 0]?.push({ place, count: counts[index + 1] ?? 0 })
  return lists
}

/** Reads the column `outline`. */
export function decodeOutline(stored: Buffer): OutlineView {
  const reader = new ByteReader(stored)
  const names = JSON.parse(reader.text()) as OutlineNames
  const terms = names.terms === '' ? [] : names.terms.split(' ')
  const wholeNames = reader.ascending(reader.number())
  const namedTerms: ReadonlySet<number>[] = []
  const chunks = names.chunks.map(([symbols, within, signature]): ChunkOutline => {
    const startLine = reader.number()
    const endLine = startLine + reader.number()
    const length = reader.number()
    const headerLines = [...reader.ascending(reader.number())]
    namedTerms.push(new Set(reader.ascending(reader.number())))
    const docTerms = [...reader.ascending(reader.number())]
    return { startLine, endLine, symbols, within, signature, headerLines, length, docTerms }
  })
  const { starts, occurrences } = readOccurrences(reader, terms.length)
  return {
    terms,
    chunks,
    starts,
    occurrences,
    imports: names.imports,
    termIndex: new Map(terms.map((term, index) => [term, index])),
    wholeNames: new Set([...wholeNames].map((index) => terms[index] ?? '')),
    namedTerms,
    bytes:
      stored.length +
      terms.length * bytesPerTerm +
      names.imports.length * bytesPerImport +
      occurrences.length * 4 +
      chunks.length * bytesPerChunk,
  }
}

/** What V8 needs for a string in a list and a map, for what an import may be called, and for a chunk with its lists. */
const bytesPerTerm = 90
const bytesPerImport = 250
const bytesPerChunk = 900

function readOccurrences(reader: ByteReader, terms: number): Pick<OutlineView, 'starts' | 'occurrences'> {
  const starts = new Uint32Array(terms + 1)
  const pairs: number[] = []
  for (let term = 0; term < terms; term += 1) {
    const places = reader.ascending(reader.number())
    for (const place of places) pairs.push(place, reader.number())
    starts[term + 1] = pairs.length
  }
  return { starts, occurrences: Uint32Array.from(pairs) }
}

/** All terms of a chunk, by its place in the outline. */
export function termsOfChunk({ terms, starts, occurrences }: OutlineView, place: number): readonly string[] {
  return terms.filter((_, term) => {
    for (let at = starts[term] ?? 0; at < (starts[term + 1] ?? 0); at += 2)
      if (occurrences[at] === place) return true
    return false
  })
}
