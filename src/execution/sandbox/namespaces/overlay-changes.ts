import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eachConcurrently, isWhiteout, statusOf, type LayerWriter } from '../layer-files.ts'

/**
 * One directory of an overlay, as the host directories it is made of. The studio reads them while no process of the
 * sandbox runs. Only real directories are ever listed here: a link among them would lead out of the sandbox.
 */
export interface OverlayDirectory {
  readonly layers: readonly string[]
  /** What was written: the frozen layers and the current one, in any order. */
  readonly uppers: readonly string[]
  /** The mounted overlay. */
  readonly merged: string
}

/**
 * Writes what the uppers changed over the layers into a new layer, below the given paths only. The merged view says
 * how things are, the uppers say where to look, and the layers say what a removal has to hide; so neither the order of
 * the uppers nor the extended attributes with which an overlay marks replaced directories matter.
 */
export async function writeOverlayChanges(
  root: OverlayDirectory,
  layer: LayerWriter,
  only: readonly string[],
): Promise<void> {
  for (const path of only) {
    if (path === '.') await visitEntries(root, '.', layer)
    else await visitPath(root, path, layer)
  }
}

/** Goes down to one path, step by step, and stops where a step is not a directory. */
async function visitPath(root: OverlayDirectory, path: string, layer: LayerWriter): Promise<void> {
  const names = path.split('/')
  let directory: OverlayDirectory | null = root
  for (const name of names.slice(0, -1)) {
    directory = await enter(directory, name)
    if (directory === null) return
  }
  await visit(directory, names.at(-1) ?? '', path, layer)
}

async function visitEntries(directory: OverlayDirectory, path: string, layer: LayerWriter): Promise<void> {
  const listed = await Promise.all([...directory.uppers, ...directory.layers].map((part) => readdir(part)))
  await eachConcurrently([...new Set(listed.flat())], (name) =>
    visit(directory, name, path === '.' ? name : join(path, name), layer),
  )
}

async function visit(
  directory: OverlayDirectory,
  name: string,
  path: string,
  layer: LayerWriter,
): Promise<void> {
  const from = join(directory.merged, name)
  const stats = await statusOf(from)
  if (stats === null) {
    if (await isPresent(directory.layers, name)) layer.whiteout(path)
    return
  }
  // What no upper has is unchanged with all that is below it: a change copies every parent directory up.
  if (!(await isPresent(directory.uppers, name))) return
  if (!stats.isDirectory()) {
    await layer.entry(path, from, stats)
    return
  }
  await layer.directory(path, stats)
  const inner = await enter(directory, name)
  if (inner !== null) await visitEntries(inner, path, layer)
}

async function enter(directory: OverlayDirectory, name: string): Promise<OverlayDirectory | null> {
  const [merged] = await realDirectories([directory.merged], name)
  if (merged === undefined) return null
  const [layers, uppers] = await Promise.all([
    realDirectories(directory.layers, name),
    realDirectories(directory.uppers, name),
  ])
  return { merged, layers, uppers }
}

async function realDirectories(parents: readonly string[], name: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const parent of parents) {
    const path = join(parent, name)
    if ((await statusOf(path))?.isDirectory() === true) found.push(path)
  }
  return found
}

async function isPresent(parents: readonly string[], name: string): Promise<boolean> {
  for (const parent of parents) {
    const stats = await statusOf(join(parent, name))
    if (stats !== null && !isWhiteout(stats)) return true
  }
  return false
}
