import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { insidePath, systemPath, workspacePath } from '../command.ts'
import { sandboxErrors } from '../errors.ts'
import { limitArguments } from '../hard-limits.ts'
import type { SandboxCommand, SandboxLimits } from '../port.ts'
import { killProcess } from '../process-tree.ts'
import type { Holder } from './holder.ts'
import { childrenOf } from './host-processes.ts'
import type { Runtime } from './runtime.ts'
import { insideHostname, insideUser } from './system-files.ts'

/** How the commands of one sandbox are isolated; the same for all of them. */
export interface Isolation {
  readonly runtime: Runtime
  readonly holder: Holder
  readonly limits: SandboxLimits
  /** Variables every command gets, such as the proxy's. */
  readonly environment: Readonly<Record<string, string>>
  /** Whether the layers brought a `.git`, which commands may read but never change. */
  readonly hasGitDirectory: boolean
}

/** A command that has been started and how to find out whether it ever got to run. */
export interface Launched {
  readonly child: ChildProcess
  /** Ends the launcher and the command; what the launcher could not take along is swept up afterwards. */
  readonly kill: () => void
  /** Whether the program itself ran and ended, as the launcher reports it on a channel the program cannot reach. */
  readonly programEnded: () => Promise<boolean>
}

/** A bind that only the studio's own commands get. */
export type PrivateBind = readonly ['--ro-bind' | '--bind', string, string]

/** Starts a command in the namespaces of the holder, isolated once more in its own. */
export function launch(
  isolation: Isolation,
  command: Omit<SandboxCommand, 'onOutput'>,
  stdin: 'ignore' | 'pipe',
  privateBinds: readonly PrivateBind[] = [],
): Launched {
  const { holder, limits, runtime } = isolation
  const { programs } = runtime
  const [program, ...argv] = [
    ...holder.enter(),
    // Inside the user namespace, so that processes are counted per sandbox and not per user of the host.
    ...[programs.prlimit, ...Object.values(limitArguments(limits)), '--'],
    ...[programs.bwrap, ...namespaceArguments, ...fileArguments(isolation), ...privateBinds.flat()],
    ...['--remount-ro', '/', '--chdir', insidePath(command.cwd ?? workspacePath)],
    ...environmentArguments({ ...isolation.environment, ...command.env }),
    ...['--seccomp', '3', '--json-status-fd', '4', '--', ...command.argv],
  ]
  const filter = openSync(runtime.filter, 'r')
  const nothing = openSync('/dev/null', 'r')
  try {
    const child = spawn(program, argv, {
      ...holder.credentials(),
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      detached: true,
      stdio: [stdin, 'pipe', 'pipe', filter, 'pipe', ...coverings(runtime.inherited, nothing)],
    })
    return { child, kill: () => killLauncher(child), programEnded: statusReader(child) }
  } catch (error) {
    throw sandboxErrors.BAD_COMMAND({
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  } finally {
    closeSync(filter)
    closeSync(nothing)
  }
}

const namespaceArguments = [
  ...[
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup',
    '--disable-userns',
  ],
  ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', insideHostname],
  ...['--uid', String(insideUser.id), '--gid', String(insideUser.id)],
]

function fileArguments({ hasGitDirectory, runtime }: Isolation): readonly string[] {
  const git = `${workspacePath}/.git`
  return [
    ...['--bind', '/sandbox', '/', '--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys'],
    ...runtime.maskedFiles.flatMap((path) => ['--ro-bind', '/dev/null', path]),
    ...['--dev', '/dev', '--remount-ro', '/dev', '--bind', '/scratch/shm', '/dev/shm'],
    ...(hasGitDirectory ? ['--ro-bind', `/sandbox${git}`, git] : []),
  ]
}

function environmentArguments(env: Readonly<Record<string, string>>): readonly string[] {
  const all = { PATH: systemPath, HOME: insideUser.home, TMPDIR: '/tmp', LANG: 'C.UTF-8', ...env }
  return ['--clearenv', ...Object.entries(all).flatMap(([name, value]) => ['--setenv', name, value])]
}

/** Entries for `stdio` from number 5 on that put `/dev/null` over every descriptor that would be passed on. */
function coverings(inherited: readonly number[], nothing: number): readonly ('ignore' | number)[] {
  const count = Math.max(0, ...inherited.map((descriptor) => descriptor - 4))
  return Array.from({ length: count }, (_, index) => (inherited.includes(index + 5) ? nothing : 'ignore'))
}

/** How long what entered the namespaces may take to see the end of what it started there. */
const farewellMs = 1_000

/**
 * The process that was spawned enters the namespaces and waits for a child inside, the launcher, whose death takes
 * the command's process namespace along. It is the launcher that is killed: whoever waits for it then reaps it and ends.
 * Killed first, that one would leave the reaping to process 1 of the host, and in many containers that reaps nobody, so
 * that the holder's namespace could never end. A launcher that had just begun leaves an orphan to sweep.
 */
function killLauncher(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const launchers = childrenOf(child.pid)
  launchers.forEach(killProcess)
  const end = (): boolean => child.kill('SIGKILL')
  if (launchers.length === 0) end()
  else setTimeout(end, farewellMs).unref()
}

/** Collects the launcher's report, which is complete when its channel closes, together with the launcher. */
function statusReader(child: ChildProcess): () => Promise<boolean> {
  const channel = child.stdio[4] as Readable
  let report = ''
  channel.on('data', (chunk: Buffer) => (report += chunk.toString('latin1')))
  channel.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()))
  return async () => {
    await closed
    return report.includes('"exit-code"')
  }
}

/** The coded error for a launcher that gave up before the program ran. */
export function launchFailure(program: string, complaint: string): Error {
  const line = complaint.trim().split('\n').at(-1) ?? ''
  if (line.startsWith('bwrap: execvp')) return sandboxErrors.PROGRAM_NOT_FOUND({ detail: program })
  if (line.startsWith("bwrap: Can't chdir"))
    return sandboxErrors.BAD_COMMAND({ detail: line.replace('bwrap: ', '') })
  // Entering fails only when there is nothing to enter (any more).
  if (line.startsWith('nsenter:')) return sandboxErrors.DESTROYED({ detail: line })
  return sandboxErrors.LAUNCH_FAILED({ detail: line })
}
