import { ByteReader, ByteWriter } from './byte-stream.ts'
import type { NumberList } from './outline.ts'

/** Which files have a term, by their numbers, ascending, and how often each has it. */
export interface Postings {
  readonly files: Uint32Array
  readonly frequencies: Uint32Array
}

/** Postings in whatever holds the numbers. */
interface PostingLists {
  readonly files: NumberList
  readonly frequencies: NumberList
}

/** Bytes that a block has on average: PostgreSQL keeps rows up to 2,000 bytes in one piece. */
const meanBlockBytes = 1_200
const bytesPerPosting = 2.5
const mostBlocks = 2 ** 20

/** How many blocks a segment is divided into: a power of two, so that those of other segments nest in them. */
function blocksFor(postings: number, terms: number): number {
  const bytes = postings * bytesPerPosting + terms * 12
  return Math.min(mostBlocks, 2 ** Math.max(0, Math.round(Math.log2(bytes / meanBlockBytes))))
}

/** The block of a term (FNV-1a of its UTF-16 code units). Part of the stored format. */
export function blockOf(term: string, blocks: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < term.length; index += 1)
    hash = Math.imul(hash ^ term.charCodeAt(index), 0x01000193)
  return (hash >>> 0) & (blocks - 1)
}

/**
 * A block: for each term its text, its number of files, the length of what follows, files and frequencies. Files count
 * from the first of the segment.
 */
export function encodeBlock(
  lists: Iterable<readonly [term: string, PostingLists]>,
  firstFile: number,
): Buffer {
  const block = new ByteWriter()
  const payload = new ByteWriter(256)
  for (const [term, { files, frequencies }] of lists) {
    payload.ascending(files, firstFile)
    for (const frequency of frequencies) payload.number(frequency)
    block.text(term)
    block.number(files.length)
    block.number(payload.length)
    block.bytes(payload.take())
  }
  return block.take()
}

/** The postings in a block of those terms that are wanted, with files from `firstFile` on. */
export function* decodeBlock(
  content: Buffer,
  firstFile: number,
  isWanted: (term: string) => boolean,
): Generator<readonly [term: string, Postings]> {
  const block = new ByteReader(content)
  while (!block.ended) {
    const term = block.text()
    const count = block.number()
    const payload = block.bytes(block.number())
    if (!isWanted(term)) continue
    const reader = new ByteReader(payload)
    yield [term, { files: reader.ascending(count, firstFile), frequencies: reader.numbers(count) }]
  }
}

/** Postings that are ready to be stored as a segment. */
export interface EncodedPostings {
  readonly postings: number
  readonly blocks: number
  readonly contents: readonly (readonly [block: number, content: Uint8Array])[]
}

/** Postings of files that are numbered from 0 in the order given. */
export function encodePostings(files: readonly ReadonlyMap<string, number>[]): EncodedPostings {
  const lists = new Map<string, { readonly files: number[]; readonly frequencies: number[] }>()
  let postings = 0
  for (const [number, frequencies] of files.entries()) {
    postings += frequencies.size
    for (const [term, frequency] of frequencies) {
      const list = lists.get(term)
      if (list === undefined) lists.set(term, { files: [number], frequencies: [frequency] })
      else {
        list.files.push(number)
        list.frequencies.push(frequency)
      }
    }
  }
  const blocks = blocksFor(postings, lists.size)
  const byBlock = Map.groupBy(lists, ([term]) => blockOf(term, blocks))
  return {
    postings,
    blocks,
    contents: [...byBlock].map(([block, entries]) => [block, encodeBlock(entries, 0)]),
  }
}

/** Postings of the same term in segments of ascending numbers, in one. */
export function joinPostings(parts: readonly Postings[]): Postings {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const length = parts.reduce((sum, { files }) => sum + files.length, 0)
  const files = new Uint32Array(length)
  const frequencies = new Uint32Array(length)
  let at = 0
  for (const part of parts) {
    files.set(part.files, at)
    frequencies.set(part.frequencies, at)
    at += part.files.length
  }
  return { files, frequencies }
}

/** The postings of those files that are wanted. */
export function filterPostings(
  { files, frequencies }: Postings,
  isWanted: (file: number) => boolean,
): Postings {
  const kept = [...files.keys()].filter((index) => isWanted(files[index] ?? 0))
  if (kept.length === files.length) return { files, frequencies }
  return {
    files: Uint32Array.from(kept, (index) => files[index] ?? 0),
    frequencies: Uint32Array.from(kept, (index) => frequencies[index] ?? 0),
  }
}
