import { repositoryErrors } from './errors.ts'
import type { RepositoryContext } from './context.ts'
import type { TreeEntry } from './tree-entry.ts'

export type { TreeEntry } from './tree-entry.ts'

const kinds: Readonly<Record<string, TreeEntry['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'link',
  '160000': 'submodule',
}

/**
 * Every file below a tree, sorted as git sorts. Trees are immutable, so listings are cached. A tree with more files
 * than the limit (a "git bomb" has billions in a few kilobytes) is refused before anything else looks at it.
 */
export async function listTree(context: RepositoryContext, tree: string): Promise<readonly TreeEntry[]> {
  const cached = context.listings.get(tree)
  if (cached !== undefined) return cached
  const listing = await readListing(context, tree)
  // The oldest goes first: a run works on a handful of trees.
  if (context.listings.size >= 8) {
    for (const oldest of context.listings.keys()) {
      context.listings.delete(oldest)
      break
    }
  }
  context.listings.set(tree, listing)
  return listing
}

async function readListing(context: RepositoryContext, tree: string): Promise<readonly TreeEntry[]> {
  const { stdout } = await context.git.run({
    args: ['ls-tree', '-r', '-z', '-l', '--full-tree', tree],
    gitDirectory: context.gitDirectory,
    // A listed file takes some 60 bytes and its path; much more than that is not a source tree.
    maxOutputBytes: context.limits.treeEntries * 256,
  })
  const records = stdout.toString('utf8').split('\0')
  records.pop()
  if (records.length > context.limits.treeEntries) {
    throw repositoryErrors.TOO_LARGE({
      detail: `tree ${tree} has more than ${context.limits.treeEntries} files`,
    })
  }
  return records.map((record) => parseRecord(record, tree))
}

function parseRecord(record: string, tree: string): TreeEntry {
  const match = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)\t([^]*)$/.exec(record)
  const [, mode = '', objectId = '', size = '0', path = ''] = match ?? []
  return { path, kind: kindOfMode(mode, tree), objectId, size: size === '-' ? 0 : Number(size) }
}

/** What an entry of a tree is, by its mode. */
export function kindOfMode(mode: string, tree: string): TreeEntry['kind'] {
  const kind = kinds[mode]
  if (kind === undefined) throw repositoryErrors.CORRUPTED({ detail: `unknown file mode in tree ${tree}` })
  return kind
}

/**
 * The content of a file of a tree, or null if the tree has no ordinary file there. Symbolic links are not followed:
 * they are null, as are folders and submodules.
 */
export async function readTreeFile(
  context: RepositoryContext,
  tree: string,
  path: string,
): Promise<Buffer | null> {
  const entry = (await entriesByPath(context, tree)).get(path)
  return entry === undefined ? null : readEntry(context, entry)
}

/** Several files at once; those that are absent are left out of the result. */
export async function readTreeFiles(
  context: RepositoryContext,
  tree: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await entriesAt(context, tree, paths)
  const read = await Promise.all(
    paths.map(async (path) => {
      const entry = entries.get(path)
      const content = entry === undefined ? null : await readEntry(context, entry)
      return content === null ? [] : [[path, content] as const]
    }),
  )
  return new Map(read.flat())
}

/** So many are looked up by themselves: a few files of a huge tree must not cost a listing of it. */
const fewPaths = 64
const longestLookup = 65_536

/** Whether git reads a text as exactly this path, and prints it as it was asked. */
function isPlainPath(path: string): boolean {
  return !path.includes('\ufffd') && !path.includes('\0') && !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)
}

async function entriesAt(
  context: RepositoryContext,
  tree: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, TreeEntry>> {
  if (paths.length === 0) return new Map()
  const changed = context.changedEntries.get(tree)
  if (changed !== undefined && paths.every((path) => changed.has(path))) return changed
  const isFew = paths.length <= fewPaths && paths.join('').length <= longestLookup && paths.every(isPlainPath)
  if (!isFew || context.listings.has(tree)) return entriesByPath(context, tree)
  const { stdout } = await context.git.run({
    args: ['--literal-pathspecs', 'ls-tree', '-z', '-l', '--full-tree', tree, '--', ...paths],
    gitDirectory: context.gitDirectory,
  })
  const records = stdout.toString('utf8').split('\0')
  records.pop()
  // A folder is no file, and may not be asked for by way of one.
  const files = records.filter((record) => !record.startsWith('040000'))
  return new Map(files.map((record) => parseRecord(record, tree)).map((entry) => [entry.path, entry]))
}

/** The entries of a tree by path. */
export async function entriesByPath(
  context: RepositoryContext,
  tree: string,
): Promise<ReadonlyMap<string, TreeEntry>> {
  const listing = await listTree(context, tree)
  let byPath = context.entryMaps.get(listing)
  if (byPath === undefined) {
    byPath = new Map(listing.map((entry) => [entry.path, entry]))
    context.entryMaps.set(listing, byPath)
  }
  return byPath
}

async function readEntry(context: RepositoryContext, entry: TreeEntry): Promise<Buffer | null> {
  if (entry.kind === 'link' || entry.kind === 'submodule') return null
  if (entry.size > context.limits.fileBytes) {
    throw repositoryErrors.TOO_LARGE({
      detail: `${entry.path} has ${entry.size} bytes, the limit is ${context.limits.fileBytes}`,
    })
  }
  return context.objects.read(entry.objectId)
}

/** The sizes in bytes of objects, in the order asked for. */
export async function objectSizes(
  context: RepositoryContext,
  objectIds: readonly string[],
): Promise<readonly number[]> {
  if (objectIds.length === 0) return []
  const sizes = await context.git.text({
    args: ['cat-file', '--batch-check=%(objectsize)'],
    gitDirectory: context.gitDirectory,
    input: objectIds.map((id) => `${id}\n`).join(''),
  })
  return sizes.split('\n').map((size, index) => {
    if (!/^\d+$/.test(size)) throw repositoryErrors.UNKNOWN_OBJECT({ detail: objectIds[index] ?? '' })
    return Number(size)
  })
}
