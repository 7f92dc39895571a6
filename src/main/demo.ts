import { cp, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { cacheCompiledCode } from './compile-cache.ts'
import { readConfiguration } from './configuration.ts'

cacheCompiledCode()
const { runCommandLine } = await import('../cli/index.ts')
const { createCliContext } = await import('./cli-context.ts')

const run = promisify(execFile)

/**
 * Makes a fresh bare repository out of the sample, as its remote, and solves its issue. Written by the studio itself, the
 * sample needs no sandbox to be copied.
 */
async function prepareSample(packageRoot: string, dataDirectory: string): Promise<string> {
  const home = path.join(dataDirectory, 'demo')
  const work = path.join(home, 'work')
  const remote = path.join(home, 'appointments.git')
  await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true })
  await cp(path.join(packageRoot, 'examples/appointments'), work, { recursive: true })
  const git = (...args: string[]): Promise<unknown> =>
    run('git', ['-c', 'user.name=Front desk', '-c', 'user.email=front-desk@example.org', ...args], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    })
  await git('init', '--quiet', '--initial-branch=main', work)
  await git('-C', work, 'add', '--all')
  await git('-C', work, 'commit', '--quiet', '--message', 'Release 1.4.0')
  await git('clone', '--quiet', '--bare', work, remote)
  await rm(work, { recursive: true, force: true })
  return remote
}

const { context, close } = createCliContext()
const { packageRoot, dataDirectory } = readConfiguration()
const interactive = context.terminal.stdin.isTTY === true && context.terminal.stdout.isTTY === true
context.terminal.stderr.write('Atelier: a bug report goes in, a verified and approved change comes out.\n')
if (!interactive) {
  context.terminal.stderr.write('No terminal to ask on: the demo will approve as the owner.\n')
}
const remote = await prepareSample(packageRoot, dataDirectory)
process.exitCode = await runCommandLine(
  [
    'solve',
    ...['--repo', remote],
    ...['--issue', path.join(packageRoot, 'examples/appointments/ISSUE.md')],
    ...['--reporter', 'front-desk'],
    ...(interactive ? [] : ['--approve']),
  ],
  context,
)
if (process.exitCode === 0) {
  context.terminal.stderr.write(`\nSee the branch:  git --git-dir ${remote} log --all --oneline\n`)
}
close()
