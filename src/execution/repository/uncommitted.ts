import { copyFile, lstat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { AtelierError } from '../../kernel/index.ts'
import type { RepositoryContext } from './context.ts'
import type { LocalSource } from './local-source.ts'

const maxIndexBytes = 256 * 1024 * 1024
const statusMs = 20_000

/**
 * Says whether a working tree holds changes that are not committed: they are not part of any revision, so the work
 * does not see them, and their owner should know.
 *
 * Git compares the working tree with a copy of its index under the studio's configuration, so that no filter, monitor
 * or hook of the repository runs; submodules, which have a configuration of their own, are not entered.
 */
export async function uncommittedChanges(
  context: RepositoryContext,
  source: LocalSource,
  standIn: string,
  indexFile: string,
): Promise<readonly string[]> {
  if (source.workTree === undefined) return []
  const original = join(source.gitDirectory, 'index')
  const status = await lstat(original).catch(() => undefined)
  if (status === undefined) return []
  if (!status.isFile() || status.size > maxIndexBytes) return ['Uncommitted changes were not looked for.']
  try {
    await copyFile(original, indexFile)
    // Git takes a file for unchanged if it is older than the index; the copy must not look younger.
    await utimes(indexFile, status.atime, status.mtime)
    const { stdout } = await context.git.run({
      args: [
        'status',
        '--porcelain',
        '-z',
        '--no-renames',
        '--ignore-submodules=all',
        '--untracked-files=normal',
      ],
      gitDirectory: standIn,
      workTree: source.workTree,
      indexFile,
      config: { 'core.bare': 'false', 'core.splitIndex': 'false' },
      timeoutMs: statusMs,
    })
    const changes = stdout
      .toString('utf8')
      .split('\0')
      .filter((entry) => entry !== '')
    if (changes.length === 0) return []
    const untracked = changes.filter((entry) => entry.startsWith('??')).length
    const parts = [
      ...(changes.length > untracked ? [`${changes.length - untracked} changed`] : []),
      ...(untracked > 0 ? [`${untracked} untracked`] : []),
    ]
    return [`The working tree has uncommitted files (${parts.join(', ')}); they are not part of this work.`]
  } catch (cause) {
    if (cause instanceof AtelierError)
      return ['Whether the working tree has uncommitted changes could not be found out.']
    throw cause
  }
}
