import { fileKind } from '../../../execution/repository/index.ts'
import { chunkFile, maxFileBytes } from '../chunking/index.ts'
import type { FileKind } from '../kinds.ts'
import type { RepositorySource, SourceFile } from '../ports.ts'
import { outlineFile, type OutlinedFile } from './outline.ts'

/** A file that is ready to be stored. */
export interface PreparedFile extends OutlinedFile {
  readonly path: string
  readonly objectId: string
  readonly kind: FileKind
  readonly language: string
  readonly outcome: string
  readonly lines: number
  readonly hasSyntaxErrors: boolean
}

const batchFiles = 400
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

/** Reads and chunks files of a tree. Those that are too large are not read. */
export async function prepareFiles(
  source: RepositorySource,
  tree: string,
  files: readonly SourceFile[],
): Promise<readonly PreparedFile[]> {
  const readable = files.filter(({ size }) => size <= maxFileBytes).map(({ path }) => path)
  const contents = await source.readFiles(tree, readable)
  const prepared: PreparedFile[] = []
  for (const { path, objectId } of files) {
    const content = contents.get(path)
    const chunked = await chunkFile(path, content ?? new Uint8Array())
    prepared.push({
      path,
      objectId,
      kind: fileKind(path),
      language: chunked.language,
      outcome: content === undefined ? 'too-large' : chunked.outcome,
      lines: content === undefined ? 0 : chunked.lines.count,
      hasSyntaxErrors: chunked.hasSyntaxErrors,
      ...outlineFile(path, chunked),
    })
  }
  return prepared
}
