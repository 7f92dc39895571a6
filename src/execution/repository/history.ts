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

/**
 * The commit and what came before it, newest first, without merges. Those that are `known` come without message and
 * paths, so that only what is new is compared with its parents.
 */
export async function readHistory(
  context: RepositoryContext,
  commit: string,
  limit: number,
  known: ReadonlySet<string> = new Set(),
): Promise<readonly PastCommit[]> {
  if (!isObjectId(commit)) throw repositoryErrors.UNKNOWN_REVISION({ detail: commit })
  const range = ['--no-merges', `--max-count=${limit}`, '--end-of-options', commit]
  if (known.size === 0) return parseLog(await readLog(context, [...detailed, ...range]))
  const ids = (await readLog(context, ['--format=%H', ...range])).split('\n').filter((id) => id !== '')
  const unknown = ids.filter((id) => !known.has(id))
  const log =
    unknown.length === 0
      ? ''
      : await readLog(context, [...detailed, '--no-walk=unsorted', '--stdin'], unknown)
  const details = new Map(parseLog(log).map((past) => [past.commit, past]))
  return ids.map((id) => details.get(id) ?? { commit: id, committedAt: unread, message: '', paths: [] })
}

const unread = new Date(0).toISOString()

const detailed = ['-z', '--no-renames', '--name-only', '--format=%x01%H%x00%cI%x00%B%x00']

async function readLog(
  context: RepositoryContext,
  options: readonly string[],
  commits: readonly string[] = [],
): Promise<string> {
  const { stdout } = await context.git.run({
    args: ['log', '--no-show-signature', ...options],
    gitDirectory: context.gitDirectory,
    ...(commits.length === 0 ? {} : { input: commits.map((id) => `${id}\n`).join('') }),
  })
  return stdout.toString('utf8')
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
