import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

import type { PastCommit, RepositorySource } from '../../src/control/context/index.ts'

const run = promisify(execFile)

/** Runs git on a directory that it only reads. */
export async function git(directory: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['--git-dir', directory, ...parameters], { maxBuffer: 512 * 2 ** 20 })
  return stdout
}

type SourceFile = Awaited<ReturnType<RepositorySource['listFiles']>>[number]
const kinds: Readonly<Record<string, SourceFile['kind']>> = {
  '100644': 'file',
  '100755': 'executable',
  '120000': 'link',
  '160000': 'submodule',
}

/**
 * Reads a git directory as it lies there. Mirrors may lack their largest objects; the studio refuses to import such a
 * repository, while here those files are merely not indexed.
 */
export function openMirror(directory: string): RepositorySource {
  const filesOf = new Map<string, Promise<readonly SourceFile[]>>()
  const listFiles = (tree: string): Promise<readonly SourceFile[]> => {
    let files = filesOf.get(tree)
    if (files === undefined) {
      filesOf.clear()
      filesOf.set(tree, (files = listTree(directory, tree)))
    }
    return files
  }
  return {
    location: directory,
    listFiles,
    async readFiles(tree, paths) {
      const objects = new Map((await listFiles(tree)).map(({ path, objectId }) => [path, objectId] as const))
      const wanted = paths.flatMap((path) => {
        const objectId = objects.get(path)
        return objectId === undefined ? [] : [{ path, objectId }]
      })
      const contents = await readObjects(
        directory,
        wanted.map(({ objectId }) => objectId),
      )
      return new Map(
        wanted.flatMap(({ path, objectId }) => {
          const content = contents.get(objectId)
          return content === undefined ? [] : [[path, content] as const]
        }),
      )
    },
    history: (commit, limit) => readHistory(directory, commit, limit),
  }
}

async function listTree(directory: string, tree: string): Promise<readonly SourceFile[]> {
  const listing = await git(directory, 'ls-tree', '-r', '-z', '-l', tree)
  return listing.split('\0').flatMap((entry) => {
    const [, mode = '', objectId = '', size = '', path = ''] =
      /^(\d+) \w+ ([0-9a-f]+) +(\S+)\t(.*)$/s.exec(entry) ?? []
    const kind = kinds[mode]
    // Of an absent object git says BAD, of a submodule `-`.
    return kind === undefined || size === 'BAD' ? [] : [{ path, kind, objectId, size: Number(size) || 0 }]
  })
}

async function readObjects(
  directory: string,
  objectIds: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const child = spawn('git', ['--git-dir', directory, 'cat-file', '--batch'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(objectIds.map((id) => `${id}\n`).join(''))
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const output = Buffer.concat(chunks)
  const contents = new Map<string, Buffer>()
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(10, at)
    const [id = '', kind = '', size = ''] = output.toString('latin1', at, end).split(' ')
    at = end + 1
    if (kind === 'missing') continue
    contents.set(id, output.subarray(at, at + Number(size)))
    at += Number(size) + 1
  }
  return contents
}

async function readHistory(directory: string, commit: string, limit: number): Promise<readonly PastCommit[]> {
  const log = await git(
    directory,
    ...['log', '-z', '--no-merges', '--no-renames', '--name-only', `--max-count=${limit}`],
    ...['--format=%x01%H%x00%cI%x00%B%x00', commit],
  )
  return log
    .split('\x01')
    .slice(1)
    .map((record) => {
      const [id = '', committedAt = '', message = '', ...paths] = record.split('\0')
      return {
        commit: id,
        committedAt,
        message,
        paths: paths.map((path) => path.replace(/^\n/, '')).filter((path) => path !== ''),
      }
    })
}
