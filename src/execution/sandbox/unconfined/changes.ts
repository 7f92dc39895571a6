import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eachConcurrently, type LayerWriter } from '../layer-files.ts'

/** What every path of a tree looked like at one time: enough to see later whether it was changed or replaced. */
export type Snapshot = ReadonlyMap<string, string>

/** Walks a tree without following links. The change time cannot be set by programs, so it gives every change away. */
export async function takeSnapshot(root: string): Promise<Snapshot> {
  const snapshot = new Map<string, string>()
  const visit = async (path: string): Promise<void> => {
    const stats = await lstat(join(root, path), { bigint: true })
    if (!stats.isDirectory()) {
      snapshot.set(path, `${stats.ino}:${stats.ctimeNs}:${stats.size}`)
      return
    }
    snapshot.set(path, 'directory')
    await eachConcurrently(await readdir(join(root, path)), (name) => visit(join(path, name)))
  }
  await visit('.')
  return snapshot
}

/** Writes what differs from the snapshot into a layer, below the given paths only. */
export async function writeChanges(
  root: string,
  before: Snapshot,
  layer: LayerWriter,
  only: readonly string[],
): Promise<void> {
  const selected = (path: string): boolean =>
    only.some((wanted) => wanted === '.' || path === wanted || path.startsWith(`${wanted}/`))
  const now = await takeSnapshot(root)
  for (const [path, fingerprint] of now) {
    if (path === '.' || !selected(path) || before.get(path) === fingerprint) continue
    const stats = await lstat(join(root, path))
    if (stats.isDirectory()) await layer.directory(path, stats)
    else await layer.entry(path, join(root, path), stats)
  }
  for (const path of before.keys()) {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'
    // One whiteout hides a whole tree, so only the topmost missing path needs one; a path below a file needs none.
    if (!now.has(path) && selected(path) && now.get(parent) === 'directory') layer.whiteout(path)
  }
}
