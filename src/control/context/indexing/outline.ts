import { basename } from 'node:path'
import type { ChunkedFile } from '../chunking/index.ts'
import { wordsOfPath } from '../words/paths.ts'
import { countTerms } from '../words/terms.ts'

/** What is kept of a chunk: where it is, what it is called, and its words, but not its text. */
export interface ChunkOutline {
  readonly startLine: number
  readonly endLine: number
  readonly symbols: readonly string[]
  readonly within: readonly string[]
  readonly signature: string
  readonly headerLines: readonly number[]
  /** Number of words. */
  readonly length: number
  /** Pairs of an index into the file's terms and how often the term occurs. */
  readonly counts: readonly number[]
  /** Indices of the terms in the comments above the code. */
  readonly docTerms: readonly number[]
}

/** What is kept of a file, in the column `outline`. Version it by {@link outlineVersion}. */
export interface FileOutline {
  readonly terms: readonly string[]
  readonly chunks: readonly ChunkOutline[]
  readonly imports: readonly string[]
}

/** Part of a file's identity in the index: files outlined by an older version are outlined again. */
export const outlineVersion = 1

/** A file as the index keeps it. */
export interface OutlinedFile {
  readonly outline: FileOutline
  /** Occurrences of each term over all fields, weighted. */
  readonly frequencies: ReadonlyMap<string, number>
  /** Sum of what the weighted fields are long. */
  readonly length: number
}

/** Weights of fields in one frequency (BM25F): Robertson, Zaragoza, Taylor, CIKM 2004. A body's word counts once. */
const fieldWeights = { path: 3, name: 3, symbol: 1 }

/** Reduces a chunked file to its terms. */
export function outlineFile(path: string, file: ChunkedFile): OutlinedFile {
  const frequencies = new Map<string, number>()
  const termIndex = new Map<string, number>()
  let length =
    countTerms(wordsOfPath(path), frequencies, fieldWeights.path) +
    countTerms(basename(path), frequencies, fieldWeights.name)
  const indexOf = (term: string): number => {
    const known = termIndex.get(term)
    if (known !== undefined) return known
    termIndex.set(term, termIndex.size)
    return termIndex.size - 1
  }
  const chunks = file.chunks.map((chunk): ChunkOutline => {
    const { startLine, endLine, symbols, within, signature, headerLines, docLines } = chunk
    const counts = new Map<string, number>()
    const words = countTerms(file.lines.slice(startLine - 1, endLine - 1), counts)
    const doc = new Map<string, number>()
    if (docLines > 0) countTerms(file.lines.slice(startLine - 1, startLine + docLines - 2), doc)
    for (const [term, count] of counts) frequencies.set(term, (frequencies.get(term) ?? 0) + count)
    length += words + countTerms(symbols.join(' '), frequencies, fieldWeights.symbol)
    return {
      startLine,
      endLine,
      symbols,
      within,
      signature,
      headerLines,
      length: words,
      counts: [...counts].flatMap(([term, count]) => [indexOf(term), count]),
      docTerms: [...doc.keys()].map(indexOf),
    }
  })
  return { outline: { terms: [...termIndex.keys()], chunks, imports: file.imports }, frequencies, length }
}
