import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { existsSync } from 'node:fs'
import { z } from 'zod'

import { benchErrors } from './errors.ts'

const caseSchema = z.object({
  /** `owner/name`. */
  repo: z.string(),
  fix: z.string(),
  parent: z.string(),
  date: z.string(),
  subject: z.string(),
  /** Files outside the tests that the fix changed. */
  sources: z.array(z.string()),
  /** Test files that came with the fix. */
  tests: z.array(z.string()),
})
export type RepairCase = z.infer<typeof caseSchema>

const listSchema = z.object({ cases: z.array(caseSchema) })

/** Reads the list of cases. */
export async function readCases(path: string | undefined): Promise<readonly RepairCase[]> {
  if (path === undefined) throw benchErrors.CASES_UNREADABLE()
  try {
    return listSchema.parse(JSON.parse(await readFile(path, 'utf8'))).cases
  } catch (cause) {
    throw benchErrors.CASES_UNREADABLE({ detail: path, cause })
  }
}

/** The git directory of a case's repository below `mirrors`. */
export function findMirror(mirrors: string | undefined, repo: string): string {
  const names = [join(repo.replace('/', '+'), 'repo'), repo, `${repo}.git`, join(repo, '.git')]
  const places = mirrors === undefined ? [] : names.map((name) => join(mirrors, name))
  const found = places.find((place) => existsSync(join(place, 'objects')))
  if (found === undefined)
    throw benchErrors.MIRROR_MISSING({ detail: `${repo} below ${mirrors ?? '(no --mirrors)'}` })
  return found
}

const run = promisify(execFile)

async function git(directory: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', directory, ...parameters], { maxBuffer: 256 * 2 ** 20 })
  return stdout
}

/**
 * Makes an ordinary repository that stands at the fix's parent, with one more commit that brings the fix's tests. It knows
 * nothing of the fix. Returns what the issue says: the subject and body of the fix's message.
 */
export async function makeRepository(directory: string, mirror: string, item: RepairCase): Promise<string> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(dirname(directory), { recursive: true })
  await run('git', ['init', '-q', '-b', 'main', directory])
  await git(directory, 'fetch', '-q', '--no-tags', '--depth', '60', `file://${mirror}`, item.parent)
  await git(directory, 'checkout', '-q', '-B', 'main', 'FETCH_HEAD')
  for (const path of item.tests) {
    const content = await fileAt(mirror, item.fix, path)
    const target = join(directory, path)
    if (content === null) await rm(target, { force: true })
    else {
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, content)
    }
  }
  await git(directory, 'add', '-A', '-f', '--', ...item.tests)
  const date = `${item.date}T12:00:00Z`
  const author = [
    '-c',
    'user.name=Tester',
    '-c',
    'user.email=tester@example.org',
    '-c',
    'commit.gpgsign=false',
  ]
  await run('git', ['-C', directory, ...author, 'commit', '-q', '--no-verify', '-m', 'Add tests'], {
    env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
  })
  return (await git(mirror, 'log', '-1', '--format=%B', item.fix)).trim()
}

/** Content of a file at a commit; null where it does not exist. */
export async function fileAt(gitDirectory: string, commit: string, path: string): Promise<Buffer | null> {
  try {
    const { stdout } = await run('git', ['-C', gitDirectory, 'show', `${commit}:${path}`], {
      encoding: 'buffer',
      maxBuffer: 64 * 2 ** 20,
    })
    return stdout
  } catch {
    return null
  }
}
