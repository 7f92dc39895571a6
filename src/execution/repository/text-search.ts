import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'

export interface TextSearch {
  /** One line of text, or a Perl-compatible regular expression. */
  readonly pattern: string
  readonly isRegex: boolean
  readonly ignoreCase: boolean
  /** Lines around each match that come along. */
  readonly contextLines: number
  /** Folders or files; all when empty. */
  readonly paths: readonly string[]
  readonly signal?: AbortSignal
}

/** A line that matches or stands beside one that does. Lines are 1-based. */
export interface FoundLine {
  readonly path: string
  readonly line: number
  readonly text: string
  /** 1-based position of the first match in bytes; absent for lines that come along. */
  readonly column?: number
}

const searchMs = 20_000
const searchBytes = 32 * 1024 ** 2

/**
 * The lines of a tree's text files that match, by path. Git searches its own objects: nothing of the repository decides
 * how, and a pattern that never ends is ended by its limits of time and of backtracking.
 *
 * @throws ATL_REPOSITORY_PATTERN_INVALID, ATL_REPOSITORY_TIMED_OUT, ATL_REPOSITORY_TOO_LARGE
 */
export async function searchTree(
  context: RepositoryContext,
  tree: string,
  search: TextSearch,
): Promise<readonly FoundLine[]> {
  const { stdout, stderr, exitCode } = await context.git.run({
    args: [
      '--literal-pathspecs',
      'grep',
      '-z',
      '-I',
      '--line-number',
      '--column',
      '--full-name',
      `--context=${search.contextLines}`,
      ...(search.ignoreCase ? ['--ignore-case'] : []),
      search.isRegex ? '--perl-regexp' : '--fixed-strings',
      '-e',
      search.pattern,
      tree,
      '--',
      ...search.paths,
    ],
    gitDirectory: context.gitDirectory,
    expectedExitCodes: [1, 128],
    timeoutMs: searchMs,
    maxOutputBytes: searchBytes,
    ...(search.signal === undefined ? {} : { signal: search.signal }),
  })
  if (exitCode === 128) throw repositoryErrors.PATTERN_INVALID({ detail: stderr.trim().slice(0, 300) })
  return stdout
    .toString('utf8')
    .split('\n')
    .flatMap((record) => readRecord(record, tree))
}

/** `tree:path NUL line NUL [column NUL] text`; `--` between groups. */
function readRecord(record: string, tree: string): FoundLine[] {
  const fields = record.split('\0')
  const [place = '', line = '', third = '', ...rest] = fields
  if (fields.length < 3 || !place.startsWith(`${tree}:`)) return []
  const found = { path: place.slice(tree.length + 1), line: Number(line) }
  if (rest.length === 0) return [{ ...found, text: third }]
  return [{ ...found, column: Number(third), text: rest.join('\0') }]
}
