import { termsOfWord } from '../words/terms.ts'
import { ByteReader, ByteWriter } from './byte-stream.ts'
import type { ChunkOutline, FileOutline, NumberList } from './outline.ts'

/** An outline with what queries look up in it. */
export interface OutlineView extends FileOutline {
  /** Where each term stands in the outline's list. */
  readonly termIndex: ReadonlyMap<string, number>
  /** For each symbol the term that stands for all of it. */
  readonly wholeNames: ReadonlySet<string>
  /** For each chunk the terms of its symbols and of what encloses it, as places in the list. */
  readonly namedTerms: readonly ReadonlySet<number>[]
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
    const pairs = chunk.counts.length / 2
    writer.number(pairs)
    writer.ascending(Uint32Array.from({ length: pairs }, (_, pair) => chunk.counts[2 * pair] ?? 0))
    for (let pair = 0; pair < pairs; pair += 1) writer.number(chunk.counts[2 * pair + 1] ?? 0)
  }
  return writer.take()
}

/** Reads the column `outline`. */
export function decodeOutline(stored: Buffer): OutlineView {
  const reader = new ByteReader(stored)
  const names = JSON.parse(reader.text()) as OutlineNames
  const terms = names.terms === '' ? [] : names.terms.split(' ')
  const wholeNames = reader.ascending(reader.number())
  const namedTerms: ReadonlySet<number>[] = []
  let numbers = 0
  const chunks = names.chunks.map(([symbols, within, signature]): ChunkOutline => {
    const startLine = reader.number()
    const endLine = startLine + reader.number()
    const length = reader.number()
    const headerLines = [...reader.ascending(reader.number())]
    namedTerms.push(new Set(reader.ascending(reader.number())))
    const docTerms = [...reader.ascending(reader.number())]
    const counts = readPairs(reader)
    numbers += counts.length + docTerms.length
    return { startLine, endLine, symbols, within, signature, headerLines, length, counts, docTerms }
  })
  return {
    terms,
    chunks,
    imports: names.imports,
    termIndex: new Map(terms.map((term, index) => [term, index])),
    wholeNames: new Set([...wholeNames].map((index) => terms[index] ?? '')),
    namedTerms,
    bytes:
      stored.length +
      terms.length * bytesPerTerm +
      names.imports.length * bytesPerImport +
      numbers * 4 +
      chunks.length * bytesPerChunk,
  }
}

/** What V8 needs for a string in a list and a map, for what an import may be called, and for a chunk with its lists. */
const bytesPerTerm = 90
const bytesPerImport = 250
const bytesPerChunk = 900

function readPairs(reader: ByteReader): Uint32Array {
  const count = reader.number()
  const pairs = new Uint32Array(count * 2)
  let term = 0
  for (let index = 0; index < count; index += 1) pairs[2 * index] = term += reader.number()
  for (let index = 0; index < count; index += 1) pairs[2 * index + 1] = reader.number()
  return pairs
}
