import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

import { fileKind } from '../../src/execution/repository/index.ts'
import { benchErrors } from '../repair/errors.ts'
import { git } from './mirror-source.ts'

/** A fix commit as a question: which files will have to be changed? */
export interface FixCase {
  readonly fix: string
  readonly parent: string
  readonly parentTree: string
  readonly committedAt: Date
  readonly subject: string
  readonly body: string
  /** Source files, no tests, that the fix modifies. */
  readonly files: readonly string[]
  /** What was reported, where it is known. */
  readonly issue?: Issue
}

/** An issue as it was written. */
export interface Issue {
  readonly title: string
  readonly body: string
}

/** Git directories below a folder, `<owner>+<name>/repo`, by name. */
export function findMirrors(folder: string | undefined): ReadonlyMap<string, string> {
  const names = folder === undefined ? [] : readdirSync(folder).sort()
  const found = names.map((name) => [name, join(folder ?? '', name, 'repo')] as const)
  const mirrors = new Map(found.filter(([, path]) => existsSync(join(path, 'objects'))))
  if (mirrors.size === 0) throw benchErrors.MIRROR_MISSING({ detail: folder ?? '(no --mirrors)' })
  return mirrors
}

const fixWord = /\b(?:fix(?:e[sd])?|bug(?:fix)?|close[sd]?|resolve[sd]?)\b/i
const reference = /#\d+|\bGH-\d+/
const noFix =
  /^(?:chore|docs?|ci|test|tests|refactor|build|style|release|bump|revert)\b|^\[(?:tests?|docs?|dev deps|meta|actions|refactor|readme)\]|\bbump\b/i
const mostFiles = 8

const issuesSchema = z.array(
  z.object({ repository: z.string(), fix: z.string(), title: z.string(), body: z.string() }),
)

/**
 * Reads issues with the commits that fixed them: a JSON list of `{ repository: 'owner/name', fix, title, body }`. By
 * the name of the mirror, then by commit.
 */
export function readIssues(file: string | undefined): ReadonlyMap<string, ReadonlyMap<string, Issue>> {
  if (file === undefined) return new Map()
  const listed = issuesSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const byMirror = Map.groupBy(listed, ({ repository }) => repository.replace('/', '+'))
  return new Map(
    [...byMirror].map(([name, issues]) => [
      name,
      new Map(issues.map(({ fix, title, body }) => [fix, { title, body }] as const)),
    ]),
  )
}

/** The cases of issues: their fixes may be merges, whose first parent is what they were made for. */
export async function issueCases(
  directory: string,
  issues: ReadonlyMap<string, Issue>,
): Promise<readonly FixCase[]> {
  const cases: FixCase[] = []
  for (const [commit, issue] of issues) {
    const shown = await git(directory, 'log', '-1', '--format=%H%x00%P%x00%cI%x00%s%x00%b', commit)
    const [fix = '', parents = '', date = '', subject = '', body = ''] = shown.split('\0')
    const parent = parents.split(' ')[0] ?? ''
    const changes = await git(directory, 'diff', '--no-renames', '--name-status', '-z', parent, fix)
    const files = modifiedSources(changes.split('\0'))
    if (files.length === 0 || files.length > mostFiles) continue
    const parentTree = (await git(directory, 'rev-parse', `${parent}^{tree}`)).trim()
    cases.push({ fix, parent, parentTree, committedAt: new Date(date), subject, body, files, issue })
  }
  return cases
}

/** Of alternating letters and paths, as `--name-status` has them. */
function modifiedSources(fields: readonly string[]): readonly string[] {
  return fields.filter(
    (path, index) => fields[index - 1] === 'M' && index % 2 === 1 && fileKind(path) === 'source',
  )
}

/**
 * The newest fix commits: no merge, the message has a word for fixing and the number of an issue or pull request, and
 * one to eight source files are modified.
 */
export async function mineCases(directory: string, limit: number): Promise<readonly FixCase[]> {
  const log = await git(
    directory,
    ...['log', '-z', '--no-merges', '--no-renames', '--name-status'],
    ...['--format=%x01%H%x00%P%x00%cI%x00%s%x00%b%x00', 'HEAD'],
  )
  const cases: FixCase[] = []
  for (const record of log.split('\x01').slice(1)) {
    if (cases.length >= limit) break
    const [fix = '', parent = '', date = '', subject = '', body = '', ...changes] = record.split('\0')
    const message = `${subject}\n${body}`
    if (!/^[0-9a-f]{40}$/.test(parent)) continue
    if (!fixWord.test(message) || !reference.test(message) || noFix.test(subject)) continue
    const fields = changes.map((field) => field.replace(/^\n/, '')).filter((field) => field !== '')
    const files = modifiedSources(fields)
    if (files.length === 0 || files.length > mostFiles) continue
    const parentTree = (await git(directory, 'rev-parse', `${parent}^{tree}`)).trim()
    cases.push({ fix, parent, parentTree, committedAt: new Date(date), subject, body, files })
  }
  return cases
}

/** The message without the names of files, which an issue seldom has. */
export function withoutFileNames(text: string): string {
  return text.replaceAll(/[\w@./-]*\w\.[A-Za-z]{1,5}\b(?![(.])/g, (word) =>
    fileKind(word) === 'source' || word.includes('/') ? ' ' : word,
  )
}

/** Lines that the fix changes in the parent's files; for lines that are only added, the line before them. */
export async function changedLines(
  directory: string,
  { parent, fix, files }: FixCase,
): Promise<readonly { readonly path: string; readonly first: number; readonly last: number }[]> {
  const patch = await git(
    directory,
    ...['diff', '--no-ext-diff', '--no-textconv', '--no-renames', '--unified=0', parent, fix, '--', ...files],
  )
  let path = ''
  const hunks = []
  for (const line of patch.split('\n')) {
    if (line.startsWith('--- a/')) path = line.slice('--- a/'.length)
    const [, start = '', count = '1'] = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line) ?? []
    if (start === '') continue
    const first = Math.max(1, Number(start))
    hunks.push({ path, first, last: first + Math.max(1, Number(count)) - 1 })
  }
  return hunks
}
