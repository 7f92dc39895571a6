import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, mkdir, open, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** One copied file. */
export interface CopiedFile {
  /** Path below the copied folder, with `/` between its parts. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
}

/**
 * Copies what is in a folder, with its permissions, reading each file once. Links are left out: somebody else may have put them
 * there. Files that disappear or grow meanwhile are no error; each is copied as it was when it was read.
 *
 * @param skip says of a path below `source` that it is left out, with all below it.
 */
export async function copyFolder(
  source: string,
  destination: string,
  skip: (path: string) => boolean = () => false,
): Promise<CopiedFile[]> {
  const copied: CopiedFile[] = []
  const descend = async (below: string): Promise<void> => {
    const target = join(destination, below)
    await mkdir(target, { recursive: true, mode: 0o700 })
    const entries = await unlessGone(readdir(join(source, below), { withFileTypes: true }))
    for (const entry of entries ?? []) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (skip(path)) continue
      if (entry.isDirectory()) await descend(path)
      else if (entry.isFile()) {
        const file = await unlessGone(copyFile(join(source, path), join(destination, path)))
        if (file !== undefined) copied.push({ path, ...file })
      }
    }
    if (below !== '') await chmod(target, (await unlessGone(stat(join(source, below))))?.mode ?? 0o700)
  }
  await descend('')
  return copied
}

const chunkBytes = 2 ** 20

/** Writes a file that must not exist. */
export async function createFile(path: string, text: string): Promise<Omit<CopiedFile, 'path'>> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  return {
    size: Buffer.byteLength(text),
    digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  }
}

/** Copies one file that must not be a link to a file that must not exist. */
async function copyFile(source: string, destination: string): Promise<Omit<CopiedFile, 'path'>> {
  const from = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { mode } = await from.stat()
    const to = await open(destination, 'wx', 0o600)
    try {
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(chunkBytes)
      let size = 0
      for (;;) {
        const { bytesRead } = await from.read(buffer, 0, chunkBytes)
        if (bytesRead === 0) break
        const chunk = buffer.subarray(0, bytesRead)
        hash.update(chunk)
        await to.writeFile(chunk)
        size += bytesRead
      }
      await chmod(destination, mode & 0o777)
      return { size, digest: `sha256:${hash.digest('hex')}` }
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

/** Writes everything to the disk that was written to the file system of a folder: far faster than file by file. */
export async function makeDurable(folder: string): Promise<void> {
  await promisify(execFile)('/bin/sync', ['--file-system', folder], { env: {} })
}

function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
}
