import type { Database } from '../../../store/index.ts'
import type { RepositorySource, SourceFile } from '../ports.ts'
import type { TenantScope } from '../scope.ts'
import { batches } from './batches.ts'
import { storeFiles } from './files.ts'
import type { Place } from './place.ts'
import { isRead, type PreparedBatch, type ReadEntry } from './prepare.ts'
import { type Preparers, startPreparers } from './threads/preparers.ts'

interface Workplace {
  readonly database: Database
  readonly scope: TenantScope
  readonly place: Place
  readonly source: RepositorySource
  readonly tree: string
}

interface Control {
  readonly onProgress: ((done: number, total: number) => void) | undefined
  readonly signal: AbortSignal | undefined
}

interface Totals {
  /** Without links and submodules. */
  readonly read: number
  readonly syntaxErrors: number
}

/** Reads files, makes them ready and stores them batch by batch; what is stored stays when it is interrupted. */
export async function readAndStore(
  workplace: Workplace,
  files: readonly SourceFile[],
  { onProgress, signal }: Control,
): Promise<Totals> {
  await using preparers = startPreparers(files.length)
  const totals = { read: 0, syntaxErrors: 0 }
  let done = 0
  // One batch is stored at a time while the next ones are read and prepared: the database would make them queue anyway.
  let storing: Promise<unknown> = Promise.resolve()
  for await (const batch of inOrder(preparedBatches(workplace, files, preparers), preparers.width + 1)) {
    await storing
    signal?.throwIfAborted()
    storing = workplace.database.transaction(workplace.scope, (tx) => storeFiles(tx, workplace.place, batch))
    // It is awaited in the next turn; until then a failure must not count as unhandled.
    storing.catch(() => undefined)
    done += batch.files.length
    totals.read += batch.files.filter(({ language }) => language !== '').length
    totals.syntaxErrors += batch.files.filter(({ hasSyntaxErrors }) => hasSyntaxErrors).length
    onProgress?.(done, files.length)
  }
  await storing
  return totals
}

function* preparedBatches(
  { source, tree }: Workplace,
  files: readonly SourceFile[],
  preparers: Preparers,
): Generator<Promise<PreparedBatch>> {
  for (const batch of batches(files))
    yield readEntries(source, tree, batch).then((entries) => preparers.prepare(entries))
}

async function readEntries(
  source: RepositorySource,
  tree: string,
  entries: readonly SourceFile[],
): Promise<readonly ReadEntry[]> {
  const paths = entries.filter(isRead).map(({ path }) => path)
  const contents = await source.readFiles(tree, paths)
  return entries.map((entry) => ({ entry, content: contents.get(entry.path) }))
}

/** Awaits promises in their order, with at most `width` begun at a time. */
async function* inOrder<T>(begin: Iterable<Promise<T>>, width: number): AsyncGenerator<T> {
  const begun: Promise<T>[] = []
  for (const promise of begin) {
    promise.catch(() => undefined)
    begun.push(promise)
    const first = begun.length >= width ? begun.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const promise of begun) yield await promise
}
