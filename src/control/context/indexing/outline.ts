import { basename } from 'node:path'
import type { ChunkedFile } from '../chunking/index.ts'
import { wordsOfPath } from '../words/paths.ts'
import { TermCounter } from './term-counter.ts'

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
  /** Indices of the terms in the comments above the code, ascending. */
  readonly docTerms: readonly number[]
}

/** A chunk with its words, as it is before it is stored. */
export interface CountedChunk extends ChunkOutline {
  /** Pairs of an index into the file's terms, ascending, and how often the term occurs. */
  readonly counts: NumberList
}

/** Numbers in order, in whatever holds them. */
export type NumberList = readonly number[] | Uint32Array

/** What is kept of a file, in the column `outline`. Version it by {@link outlineVersion}. */
export interface FileOutline {
  readonly terms: readonly string[]
  readonly chunks: readonly CountedChunk[]
  readonly imports: readonly string[]
}

/** Part of a file's identity in the index: files outlined by an older version are outlined again. */
export const outlineVersion = 2

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
  const counter = new TermCounter()
  let length = 0
  const chunks = file.chunks.map((chunk): CountedChunk => {
    const { startLine, endLine, symbols, within, signature, headerLines, docLines } = chunk
    const body = counter.add(file.lines.slice(startLine - 1, endLine - 1), 1)
    const doc = docLines > 0 ? file.lines.slice(startLine - 1, startLine + docLines - 2) : ''
    length += body.words + counter.add(symbols.join(' '), fieldWeights.symbol).words
    return {
      startLine,
      endLine,
      symbols,
      within,
      signature,
      headerLines,
      length: body.words,
      counts: [...body.counts].toSorted(([one], [other]) => one - other).flat(),
      docTerms: [...counter.add(doc, 0).counts.keys()].toSorted((one, other) => one - other),
    }
  })
  const { terms } = counter
  length += counter.add(wordsOfPath(path), fieldWeights.path).words
  length += counter.add(basename(path), fieldWeights.name).words
  return { outline: { terms, chunks, imports: file.imports }, frequencies: counter.frequencies, length }
}
