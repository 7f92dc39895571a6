import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hostErrors } from './errors.ts'

/** A program that does not come with `npm ci`. */
export interface HostProgram {
  readonly program: string
  /** The same in Debian, Fedora, Arch, openSUSE and Alpine. */
  readonly package: string
  readonly purpose: string
}

const hostPrograms: readonly HostProgram[] = [
  { program: 'bwrap', package: 'bubblewrap', purpose: 'isolates the code of repositories' },
  { program: 'setpriv', package: 'util-linux', purpose: 'gives up rights before anything untrusted starts' },
  { program: 'git', package: 'git', purpose: 'reads and writes repositories' },
]

/** Of the given programs, those that are not on this machine. */
export function missingHostPrograms(
  programs: readonly HostProgram[] = hostPrograms,
  searchPath: string = process.env['PATH'] ?? '',
): readonly HostProgram[] {
  return programs.filter(({ program }) => !isInstalled(program, searchPath))
}

function isInstalled(program: string, searchPath: string = process.env['PATH'] ?? ''): boolean {
  const directories = [...searchPath.split(':').filter(Boolean), ...systemDirectories]
  return directories.some((directory) => canRun(join(directory, program)))
}

/** Where programs are looked for although PATH may not say so. */
const systemDirectories = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

interface PackageInstaller {
  readonly program: string
  readonly install: readonly string[]
  /** Fetches the list of packages, which a fresh machine does not have. */
  readonly refresh?: readonly string[]
}

const debian: PackageInstaller = {
  program: 'apt-get',
  refresh: ['update', '-qq'],
  install: ['install', '-y', '--no-install-recommends'],
}

const installers: readonly PackageInstaller[] = [
  debian,
  { program: 'dnf', install: ['install', '-y'] },
  { program: 'pacman', install: ['-Sy', '--noconfirm'] },
  { program: 'zypper', install: ['--non-interactive', 'install'] },
  { program: 'apk', install: ['add'] },
]

/**
 * Makes sure that the programs are there: as root on Debian and its relatives by installing them, otherwise with one
 * clear message. `report` receives a line before anything is installed.
 * @throws ATL_HOST_PROGRAMS_MISSING with the exact command, ATL_HOST_INSTALLATION_FAILED.
 */
export async function ensureHostPrograms(
  report: (line: string) => void,
  programs: readonly HostProgram[] = hostPrograms,
): Promise<void> {
  const missing = missingHostPrograms(programs)
  if (missing.length === 0) return
  const command = installationCommand(missing)
  if (process.getuid?.() !== 0 || !isInstalled(debian.program)) {
    const reasons = missing.map(({ program, purpose }) => `${program}, which ${purpose}`).join('; ')
    throw hostErrors.PROGRAMS_MISSING({
      detail: `${reasons}. Install with:\n\n  ${command}\n`,
      details: { missing: missing.map(({ program }) => program), command },
    })
  }
  report(`Installing ${missing.map((one) => one.package).join(', ')} (${command})`)
  try {
    for (const step of installationSteps(missing)) await runInstaller(step)
  } catch (cause) {
    throw hostErrors.INSTALLATION_FAILED({ detail: lastLines(cause), details: { command }, cause })
  }
}

/** The command that installs the packages on this machine, as a person would type it. */
export function installationCommand(missing: readonly HostProgram[]): string {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo']
  return installationSteps(missing)
    .map((step) => [...prefix, ...step].join(' '))
    .join(' && ')
}

function installationSteps(missing: readonly HostProgram[]): string[][] {
  const { program, refresh, install } = installers.find((one) => isInstalled(one.program)) ?? debian
  const packages = [...new Set(missing.map((one) => one.package))]
  return [...(refresh ? [[program, ...refresh]] : []), [program, ...install, ...packages]]
}

async function runInstaller([program = '', ...args]: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 300_000,
  })
}

function lastLines(cause: unknown): string {
  const { stderr = '', message = String(cause) } = cause as { stderr?: string; message?: string }
  return stderr.trim().split('\n').slice(-3).join('\n') || message
}
