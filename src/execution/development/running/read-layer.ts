import { constants } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { developmentErrors } from '../errors.ts'

/** A file or link of a layer, by its path relative to the workspace. */
export interface LayerFile {
  readonly path: string
  readonly kind: 'file' | 'executable' | 'link'
  /** Of a link its target; null for what is too large to be read. */
  readonly content: Buffer | null
  readonly bytes: number
}

/** What a sandbox changed over the layers that it was opened on. */
export interface Layer {
  readonly files: ReadonlyMap<string, LayerFile>
  /** Whether a path of the layers below is removed, or replaced by something of another kind. */
  hides(path: string): boolean
}

/** Folders of dependencies and caches: nothing in them belongs to a change, whether or not git ignores them. */
const passedOver = new Set([
  '.git',
  'node_modules',
  '.venv',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
])

export function isPassedOver(name: string): boolean {
  return passedOver.has(name)
}

const mostFiles = 20_000
const mostBytes = 64 * 2 ** 20
const longestFile = 4 * 2 ** 20

/**
 * Reads a frozen layer. Its content is untrusted: links are read and never followed, and what is neither file nor link nor
 * folder is passed over.
 *
 * @throws `ATL_DEVELOP_TOO_LARGE` for more than 20,000 files or 64 MiB
 */
export async function readLayer(root: string): Promise<Layer> {
  const files = new Map<string, LayerFile>()
  const folders = new Set<string>()
  const removed = new Set<string>()
  let bytes = 0
  const visit = async (folder: string): Promise<void> => {
    for (const name of await readdir(join(root, folder))) {
      if (isPassedOver(name)) continue
      const path = folder === '' ? name : `${folder}/${name}`
      const stats = await lstat(join(root, path))
      if (stats.isDirectory()) {
        folders.add(path)
        await visit(path)
      } else if (stats.isCharacterDevice()) removed.add(path)
      else if (stats.isSymbolicLink() || stats.isFile()) {
        const isSmall = stats.size <= longestFile
        bytes += isSmall ? stats.size : 0
        if (files.size >= mostFiles || bytes > mostBytes)
          throw developmentErrors.TOO_LARGE({
            detail: `more than ${mostFiles} files or ${mostBytes / 2 ** 20} MiB were written`,
          })
        const kind = stats.isSymbolicLink() ? 'link' : (stats.mode & 0o100) === 0 ? 'file' : 'executable'
        const content = isSmall ? await readEntry(join(root, path), kind) : null
        files.set(path, { path, kind, content, bytes: stats.size })
      }
    }
  }
  await visit('')
  return {
    files,
    hides: (path) => {
      const parts = path.split('/')
      const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
      return (
        folders.has(path) ||
        prefixes.some((prefix) => removed.has(prefix)) ||
        prefixes.slice(0, -1).some((prefix) => files.has(prefix))
      )
    },
  }
}

async function readEntry(path: string, kind: LayerFile['kind']): Promise<Buffer> {
  if (kind === 'link') return readlink(path, { encoding: 'buffer' })
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}
