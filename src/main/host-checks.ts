import { statfs } from 'node:fs/promises'
import { probeSandbox } from '../execution/sandbox/index.ts'
import { locateToolchain } from '../execution/testing/index.ts'
import { AtelierError } from '../kernel/index.ts'
import type { Configuration } from './configuration.ts'
import { missingHostPrograms } from './host-requirements.ts'

/** What was found out about one thing that the studio needs. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy: string | undefined
}

/** Bytes that a run of a middle-sized repository with its dependencies needs. */
const wantedDisk = 2 * 2 ** 30

/** Looks at what the studio needs of this machine, really and not by version numbers. */
export async function checkHost(configuration: Configuration): Promise<readonly Check[]> {
  return [
    checkRuntime(),
    checkPrograms(),
    await checkSandbox(),
    await attempt('toolchain', async () => {
      const { node, python } = await locateToolchain({
        searchPath: process.env['PATH'] ?? '',
        pinnedNode: process.execPath,
      })
      return `node ${node}, python ${python ?? 'not found (needed for Python repositories only)'}`
    }),
    await attempt('disk', () => checkDisk(configuration)),
  ]
}

function checkRuntime(): Check {
  const ok = Number(process.versions.node.split('.')[0]) >= 24
  return {
    name: 'runtime',
    ok,
    detail: `Node.js ${process.versions.node}`,
    remedy: ok ? undefined : 'Start the studio through npm or bin/atelier, which bring Node.js 24 along.',
  }
}

function checkPrograms(): Check {
  const missing = missingHostPrograms()
  return {
    name: 'programs',
    ok: missing.length === 0,
    detail:
      missing.length === 0
        ? 'git and bubblewrap are there'
        : `missing: ${missing.map(({ program }) => program).join(', ')}`,
    remedy:
      missing.length === 0
        ? undefined
        : `Install them: apt-get install ${missing.map((one) => one.package).join(' ')}`,
  }
}

async function checkSandbox(): Promise<Check> {
  const probe = await probeSandbox()
  return probe.usable
    ? { name: 'sandbox', ok: true, detail: `namespaces work, as user ${probe.uid}`, remedy: undefined }
    : { name: 'sandbox', ok: false, detail: probe.cause, remedy: probe.remedies.join('\n  ') }
}

async function checkDisk({ dataDirectory }: Configuration): Promise<string> {
  const { bavail, bsize } = await statfs(dataDirectory)
  const gigabytes = ((bavail * bsize) / 2 ** 30).toFixed(1)
  if (bavail * bsize < wantedDisk) throw new Error(`only ${gigabytes} GiB are free in ${dataDirectory}`)
  return `${gigabytes} GiB free`
}

/** Turns a failure into what a person can do about it. */
export async function attempt(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await check(), remedy: undefined }
  } catch (error) {
    return {
      name,
      ok: false,
      detail: error instanceof AtelierError ? `${error.code}: ${error.message}` : String(error),
      remedy: error instanceof AtelierError ? error.remedy : undefined,
    }
  }
}
