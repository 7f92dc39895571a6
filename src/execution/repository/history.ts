import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { isObjectId } from './ref-name.ts'

/** A commit of the past. */
export interface PastCommit {
  readonly commit: string
  /** ISO 8601, UTC. */
  readonly committedAt: string
  /** Subject and body. */
  readonly message: string
  /** Files that it added, changed or deleted; a renamed one appears under both names. */
  readonly paths: readonly string[]
}

/** The commit and what came before it, newest first, without merges. */
export async function readHistory(
  context: RepositoryContext,
  commit: string,
  limit: number,
): Promise<readonly PastCommit[]> {
  if (!isObjectId(commit)) throw repositoryErrors.UNKNOWN_REVISION({ detail: commit })
  const { stdout } = await context.git.run({
    args: [
      'log',
      '-z',
      '--no-merges',
      '--no-renames',
      '--no-show-signature',
      '--name-only',
      '--format=%x01%H%x00%cI%x00%B%x00',
      `--max-count=${limit}`,
      '--end-of-options',
      commit,
    ],
    gitDirectory: context.gitDirectory,
  })
  return parseLog(stdout.toString('utf8'))
}

/** Records of `\1<id>\0<date>\0<message>\0\n<path>\0<path>…`; only the first path has a line break before it. */
function parseLog(output: string): readonly PastCommit[] {
  const fields = output.split('\0')
  const commits: PastCommit[] = []
  let paths: string[] = []
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] ?? ''
    const commit = /^\x01([0-9a-f]{40,64})$/.exec(field)?.[1]
    if (commit === undefined) {
      const path = paths.length === 0 && field.startsWith('\n') ? field.slice(1) : field
      if (path !== '') paths.push(path)
      continue
    }
    paths = []
    const committedAt = new Date(fields[index + 1] ?? '').toISOString()
    commits.push({ commit, committedAt, message: (fields[index + 2] ?? '').trim(), paths })
    index += 2
  }
  return commits
}
