import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { fileKind } from '../../src/execution/repository/index.ts'
import { benchErrors } from '../repair/errors.ts'

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
}

const run = promisify(execFile)

/** Runs git on a directory that it only reads. */
async function git(directory: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['--git-dir', directory, ...parameters], { maxBuffer: 512 * 2 ** 20 })
  return stdout
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
    const files: string[] = []
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const path = fields[index + 1] ?? ''
      if (fields[index] === 'M' && fileKind(path) === 'source') files.push(path)
    }
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
