import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { fileKind } from '../../../execution/repository/index.ts'
import { chunkFile, maxFileBytes } from '../chunking/index.ts'
import type { FileKind } from '../kinds.ts'
import type { SourceFile } from '../ports.ts'
import { encodeOutline } from './outline-format.ts'
import { outlineFile } from './outline.ts'
import { type EncodedPostings, encodePostings } from './postings-format.ts'

/** An entry of a tree with its content; undefined for what is not read. */
export interface ReadEntry {
  readonly entry: SourceFile
  readonly content: Uint8Array | undefined
}

/** What of an entry of a tree is stored. */
export interface PreparedFile {
  readonly entry: SourceFile
  readonly kind: FileKind | UnreadKind
  readonly language: string
  readonly outcome: string
  readonly lines: number
  readonly length: number
  readonly hasSyntaxErrors: boolean
  readonly outline: Uint8Array
}

/** Files that are ready to be stored together. */
export interface PreparedBatch {
  readonly files: readonly PreparedFile[]
  /** Files count from 0, in the order above. */
  readonly postings: EncodedPostings
}

/** Of entries that are no ordinary files: links lead elsewhere, submodules are repositories of their own. */
type UnreadKind = 'link' | 'submodule'

function unreadKind({ kind }: SourceFile): UnreadKind | undefined {
  return kind === 'link' || kind === 'submodule' ? kind : undefined
}

/** Whether an entry is a file of a size that is read. */
export function isRead(entry: SourceFile): boolean {
  return unreadKind(entry) === undefined && entry.size <= maxFileBytes
}

/** Chunks files and reduces them to what is stored. Others get their turn between files. */
export async function prepareBatch(entries: readonly ReadEntry[]): Promise<PreparedBatch> {
  const files: PreparedFile[] = []
  const frequencies: ReadonlyMap<string, number>[] = []
  for (const entry of entries) {
    const prepared = await prepareFile(entry)
    files.push(prepared.file)
    frequencies.push(prepared.frequencies)
    await yieldToOthers()
  }
  return { files, postings: encodePostings(frequencies) }
}

async function prepareFile({ entry, content }: ReadEntry): Promise<{
  readonly file: PreparedFile
  readonly frequencies: ReadonlyMap<string, number>
}> {
  const unread = unreadKind(entry)
  if (unread !== undefined)
    return { file: { entry, kind: unread, outcome: unread, ...nothing }, frequencies: new Map() }
  const chunked = await chunkFile(entry.path, content ?? new Uint8Array())
  const { outline, frequencies, length } = outlineFile(entry.path, chunked)
  const file = {
    entry,
    kind: fileKind(entry.path),
    language: chunked.language,
    outcome: content === undefined ? 'too-large' : chunked.outcome,
    lines: content === undefined ? 0 : chunked.lines.count,
    length,
    hasSyntaxErrors: chunked.hasSyntaxErrors,
    outline: encodeOutline(outline),
  }
  return { file, frequencies }
}

const nothing = {
  language: '',
  lines: 0,
  length: 0,
  hasSyntaxErrors: false,
  outline: encodeOutline({ terms: [], chunks: [], imports: [] }),
}
