import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Who wrote the sample's history. */
const author = ['-c', 'user.name=Front desk', '-c', 'user.email=front-desk@example.org']

interface Sample {
  /** Of the bare repository that stands for the sample's remote. */
  readonly location: string
  readonly issue: { readonly title: string; readonly body: string }
}

/** The sample as it is on this machine; made where it is not there yet, so that runs that use it are left in peace. */
export async function openSample(packageRoot: string, dataDirectory: string): Promise<Sample> {
  const location = locationOf(dataDirectory)
  if (!existsSync(location)) return prepareSample(packageRoot, dataDirectory)
  return { location, issue: await readIssue(packageRoot) }
}

function locationOf(dataDirectory: string): string {
  return path.join(dataDirectory, 'demo/appointments.git')
}

/**
 * Makes a fresh bare repository out of the sample, as its remote. Written by the studio itself, the sample needs no sandbox to
 * be copied.
 */
export async function prepareSample(packageRoot: string, dataDirectory: string): Promise<Sample> {
  const home = path.join(dataDirectory, 'demo')
  const work = path.join(home, 'work')
  const location = locationOf(dataDirectory)
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
  // In its place only once it is complete.
  await git('clone', '--quiet', '--bare', work, `${location}.new`)
  await rename(`${location}.new`, location)
  await rm(work, { recursive: true, force: true })
  return { location, issue: await readIssue(packageRoot) }
}

async function readIssue(packageRoot: string): Promise<Sample['issue']> {
  const text = await readFile(path.join(packageRoot, 'examples/appointments/ISSUE.md'), 'utf8')
  const [heading = '', ...body] = text.split('\n')
  return { title: heading.replace(/^#\s*/, ''), body: body.join('\n').trim() }
}
