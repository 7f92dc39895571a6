import { fileKind } from '../../../execution/repository/index.ts'
import { chunkFile, maxFileBytes } from '../chunking/index.ts'
import type { FileKind } from '../kinds.ts'
import type { RepositorySource, SourceFile } from '../ports.ts'
import { outlineFile, type OutlinedFile } from './outline.ts'

/** A file that is ready to be stored. */
export interface PreparedFile extends OutlinedFile {
  readonly entry: SourceFile
  readonly kind: FileKind | UnreadKind
  readonly language: string
  readonly outcome: string
  readonly lines: number
  readonly hasSyntaxErrors: boolean
}

/** Of entries of a tree that are no ordinary files: links lead elsewhere, submodules are repositories of their own. */
export type UnreadKind = 'link' | 'submodule'

const batchFiles = 1_000
const batchBytes = 8_000_000

/** Groups of files that are read, and stored, at once. */
export function* batches(files: readonly SourceFile[]): Generator<readonly SourceFile[]> {
  let batch: SourceFile[] = []
  let bytes = 0
  for (const file of files) {
    if (batch.length >= batchFiles || bytes > batchBytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(file)
    if (file.size <= maxFileBytes) bytes += file.size
  }
  if (batch.length > 0) yield batch
}

/** Reads and chunks files of a tree. Those that are too large, links and submodules are not read. */
export async function prepareFiles(
  source: RepositorySource,
  tree: string,
  entries: readonly SourceFile[],
): Promise<readonly PreparedFile[]> {
  const readable = entries.filter((entry) => unreadKind(entry) === undefined && entry.size <= maxFileBytes)
  const contents = await source.readFiles(
    tree,
    readable.map(({ path }) => path),
  )
  const prepared: PreparedFile[] = []
  for (const entry of entries) prepared.push(await prepareFile(entry, contents.get(entry.path)))
  return prepared
}

function unreadKind({ kind }: SourceFile): UnreadKind | undefined {
  return kind === 'link' || kind === 'submodule' ? kind : undefined
}

async function prepareFile(entry: SourceFile, content: Uint8Array | undefined): Promise<PreparedFile> {
  const unread = unreadKind(entry)
  if (unread !== undefined) return { entry, kind: unread, outcome: unread, ...nothing }
  const chunked = await chunkFile(entry.path, content ?? new Uint8Array())
  return {
    entry,
    kind: fileKind(entry.path),
    language: chunked.language,
    outcome: content === undefined ? 'too-large' : chunked.outcome,
    lines: content === undefined ? 0 : chunked.lines.count,
    hasSyntaxErrors: chunked.hasSyntaxErrors,
    ...outlineFile(entry.path, chunked),
  }
}

const nothing = {
  language: '',
  lines: 0,
  hasSyntaxErrors: false,
  outline: { terms: [], chunks: [], imports: [] },
  frequencies: new Map<string, number>(),
  length: 0,
}
