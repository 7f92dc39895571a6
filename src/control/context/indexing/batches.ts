import type { SourceFile } from '../ports.ts'
import { isRead } from './prepare.ts'

const mostFiles = 500
const mostBytes = 8_000_000

/** Groups of files that are read, and stored, at once: what is done when the studio dies is not done again. */
export function* batches(files: readonly SourceFile[]): Generator<readonly SourceFile[]> {
  let batch: SourceFile[] = []
  let bytes = 0
  for (const file of files) {
    if (batch.length >= mostFiles || bytes > mostBytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(file)
    if (isRead(file)) bytes += file.size
  }
  if (batch.length > 0) yield batch
}
