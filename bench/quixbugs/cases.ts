import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { benchErrors } from '../repair/errors.ts'

/** One of the 40 programs: what it is called, and what the maintainers made of it. */
export interface QuixBug {
  readonly name: string
  /** Path of the program in its repository. */
  readonly path: string
  readonly correct: string
}

/** The programs of a checkout of https://github.com/jkoppel/QuixBugs that have tests in Python. */
export async function readPrograms(source: string | undefined): Promise<readonly QuixBug[]> {
  const folder = source === undefined ? undefined : join(source, 'python_programs')
  if (source === undefined || folder === undefined || !existsSync(folder))
    throw benchErrors.QUIXBUGS_MISSING({ detail: source ?? '(no --source)' })
  const names = (await readdir(folder))
    .filter((file) => file.endsWith('.py') && !file.endsWith('_test.py') && file !== 'node.py')
    .map((file) => file.slice(0, -'.py'.length))
    .filter((name) => existsSync(join(source, 'python_testcases', `test_${name}.py`)))
    .sort()
  return Promise.all(
    names.map(async (name) => ({
      name,
      path: `python_programs/${name}.py`,
      correct: await readFile(join(source, 'correct_python_programs', `${name}.py`), 'utf8'),
    })),
  )
}

const run = promisify(execFile)

/** Makes a repository of one program and its tests alone: neither the answer nor other programs are in it. */
export async function makeRepository(
  directory: string,
  source: string,
  { name, path }: QuixBug,
): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const wanted = [
    'conftest.py',
    path,
    'python_programs/node.py',
    'python_testcases/node.py',
    'python_testcases/load_testdata.py',
    `python_testcases/test_${name}.py`,
    `json_testcases/${name}.json`,
  ]
  for (const file of wanted)
    if (existsSync(join(source, file)))
      await cp(join(source, file), join(directory, file), { recursive: true })
  const git = (...words: readonly string[]) =>
    run('git', ['-C', directory, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...words])
  await git('init', '-q', '-b', 'main')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'Begin')
}
