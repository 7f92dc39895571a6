import { execFile } from 'node:child_process'
import { constants, type Stats } from 'node:fs'
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { sandboxErrors } from './errors.ts'

/*
 * A layer is a directory tree in which a character device 0:0 (a whiteout, see overlayfs in the kernel's
 * documentation) stands for a path that lower layers have and this one removes. Layers carry no extended attributes:
 * a directory that replaces another one has a whiteout for each entry that it hides. So both kinds of sandbox can
 * read and write them, and they can be copied with ordinary tools.
 */

const run = promisify(execFile)

export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0
}

/** The file's status without following links, or null if there is none. */
export async function statusOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Lays one layer over a directory by copying, as an overlay mount would show it. */
export async function applyLayer(layer: string, target: string): Promise<void> {
  await eachConcurrently(await readdir(layer), async (name) => {
    const from = join(layer, name)
    const to = join(target, name)
    const [stats, present] = await Promise.all([lstat(from), statusOf(to)])
    if (present !== null && !(present.isDirectory() && stats.isDirectory()))
      await rm(to, { recursive: true, force: true })
    if (stats.isDirectory()) {
      await mkdir(to, { recursive: true })
      await applyLayer(from, to)
      await keepStatus(to, stats)
    } else if (!isWhiteout(stats)) await copyEntry(from, to, stats)
  })
}

/** Copies one file or symbolic link; sockets, pipes and devices mean nothing outside their sandbox and are left out. */
async function copyEntry(from: string, to: string, stats: Stats): Promise<void> {
  if (stats.isSymbolicLink()) await symlink(await readlink(from), to)
  else if (stats.isFile()) {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    // Root's copies would keep the owner; all files of a layer belong to whoever made it.
    const owner = process.getuid?.() ?? stats.uid
    if (owner === 0 && stats.uid !== owner) await chown(to, owner, process.getgid?.() ?? stats.gid)
    await keepStatus(to, stats)
  }
}

/** Takes over mode and times. Set-user-id bits are dropped: a file made in a sandbox must lend nobody's rights. */
async function keepStatus(path: string, { mode, atime, mtime }: Stats): Promise<void> {
  await chmod(path, mode & 0o777)
  await utimes(path, atime, mtime)
}

const concurrency = 16

/** Does the work for every item, a few at a time. */
export async function eachConcurrently<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index]
      if (item !== undefined) await work(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
}

/** Writes a new layer beside its target and puts it in place only when it is whole. */
export class LayerWriter {
  readonly #target: string
  readonly #partial: string
  readonly #whiteouts: string[] = []
  readonly #directories = new Map<string, Stats>()

  private constructor(target: string, partial: string) {
    this.#target = target
    this.#partial = partial
  }

  /** @throws ATL_SANDBOX_EXPORT_FAILED if the target exists */
  static async open(target: string): Promise<LayerWriter> {
    if ((await statusOf(target)) !== null)
      throw sandboxErrors.EXPORT_FAILED({ detail: `${target} exists already` })
    const partial = `${target}.partial-${randomBytes(6).toString('hex')}`
    await mkdir(partial, { recursive: true, mode: 0o755 })
    return new LayerWriter(target, partial)
  }

  /** Adds a directory; its mode and times are set at the end, when everything stands in it. */
  async directory(path: string, stats: Stats): Promise<void> {
    await mkdir(join(this.#partial, path), { recursive: true })
    this.#directories.set(path, stats)
  }

  /** Adds a copy of a file or link. Directories above it that were not added before get ordinary modes. */
  async entry(path: string, from: string, stats: Stats): Promise<void> {
    const to = join(this.#partial, path)
    await mkdir(dirname(to), { recursive: true })
    await copyEntry(from, to, stats)
  }

  whiteout(path: string): void {
    this.#whiteouts.push(path)
  }

  /** Puts the layer in place and returns its directory. */
  async finish(): Promise<string> {
    for (const path of this.#whiteouts) await mkdir(dirname(join(this.#partial, path)), { recursive: true })
    const script = 'for path; do mknod "$path" c 0 0 || exit 1; done'
    for (let start = 0; start < this.#whiteouts.length; start += 256) {
      const paths = this.#whiteouts.slice(start, start + 256).map((path) => join(this.#partial, path))
      await run('/bin/sh', ['-c', script, 'sh', ...paths])
    }
    const deepestFirst = [...this.#directories].sort(([a], [b]) => b.length - a.length)
    for (const [path, stats] of deepestFirst) await keepStatus(join(this.#partial, path), stats)
    await rename(this.#partial, this.#target)
    return this.#target
  }

  async abandon(): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true })
  }
}

/** Writes a layer with `fill` and puts it in place, or leaves nothing behind. */
export async function writeLayer(
  target: string,
  fill: (layer: LayerWriter) => Promise<void>,
): Promise<string> {
  const layer = await LayerWriter.open(target)
  try {
    await fill(layer)
    return await layer.finish()
  } catch (error) {
    await layer.abandon()
    throw sandboxErrors.EXPORT_FAILED({
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
