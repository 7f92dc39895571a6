import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Who wrote the sample's history. */
const author = ['-c', 'user.name=Front desk', '-c', 'user.email=front-desk@example.org']

export interface Sample {
  /** Of the bare repository that stands for the sample's remote. */
  readonly location: string
  readonly issue: { readonly title: string; readonly body: string }
}

/**
 * Makes a fresh bare repository out of the sample, as its remote. Written by the studio itself, the sample needs no sandbox to
 * be copied.
 */
export async function prepareSample(packageRoot: string, dataDirectory: string): Promise<Sample> {
  const home = path.join(dataDirectory, 'demo')
  const work = path.join(home, 'work')
  const location = path.join(home, 'appointments.git')
  const source = path.join(packageRoot, 'examples/appointments')
  await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true })
  await cp(source, work, { recursive: true })
  const git = (...args: string[]): Promise<unknown> =>
    run('git', [...author, ...args], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    })
  await git('init', '--quiet', '--initial-branch=main', work)
  await git('-C', work, 'add', '--all')
  await git('-C', work, 'commit', '--quiet', '--message', 'Release 1.4.0')
  await git('clone', '--quiet', '--bare', work, location)
  await rm(work, { recursive: true, force: true })
  const [heading = '', ...body] = (await readFile(path.join(source, 'ISSUE.md'), 'utf8')).split('\n')
  return { location, issue: { title: heading.replace(/^#\s*/, ''), body: body.join('\n').trim() } }
}
