import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { embeddedServerErrors } from '../errors.ts'
import { spawnIdentity } from './account.ts'
import type { ServerAccount } from './account.ts'
import { serverEnvironment } from './installation.ts'
import type { Installation } from './installation.ts'

export interface ServerPlace {
  readonly dataDirectory: string
  readonly socketDirectory: string
  /** Unique; stands in the command line of every process of the server, by which left-over ones are found. */
  readonly clusterName: string
}

export interface ServerCommand extends ServerPlace {
  readonly installation: Installation
  readonly account: ServerAccount
  readonly logFile: string
  readonly arguments: readonly string[]
}

/** A server takes as long as replaying its log takes; a minute and more after a crash under load. */
const readyTimeoutMs = 120_000
const pollMs = 4
const logLimitBytes = 10_000_000

/**
 * Starts the server and waits until it accepts connections. It runs in a session of its own, so that Ctrl-C in the
 * terminal does not reach it, and the kernel tells it to shut down when the studio dies in whatever way.
 */
export async function startServerProcess(command: ServerCommand): Promise<ChildProcess> {
  if (existsSync(command.logFile) && statSync(command.logFile).size > logLimitBytes)
    renameSync(command.logFile, `${command.logFile}.1`)
  const log = openSync(command.logFile, 'a', 0o600)
  const logStart = statSync(command.logFile).size
  const program = [join(command.installation.binDirectory, 'postgres'), '-D', command.dataDirectory]
  const [file = '', ...rest] = [
    ...dieWithStudio(),
    ...program,
    '-c',
    `cluster_name=${command.clusterName}`,
    ...command.arguments,
  ]
  const child = spawn(file, rest, {
    cwd: '/',
    env: serverEnvironment,
    detached: true,
    stdio: ['ignore', log, log],
    ...spawnIdentity(command.account),
  })
  closeSync(log)
  child.unref()
  await untilReady(child, command, () => readFileSync(command.logFile, 'utf8').slice(logStart))
  return child
}

function dieWithStudio(): string[] {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'INT', '--no-new-privs', '--']
}

async function untilReady(child: ChildProcess, command: ServerCommand, log: () => string): Promise<void> {
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (cause) =>
      reject(embeddedServerErrors.START_FAILED({ detail: cause.message, cause })),
    )
    child.once('exit', (code, signal) => reject(startFailure(log(), code ?? signal)))
  })
  const waiting = new AbortController()
  const ready = async (): Promise<void> => {
    const deadline = Date.now() + readyTimeoutMs
    while (!waiting.signal.aborted && !isReady(command.dataDirectory, child.pid)) {
      if (Date.now() > deadline) {
        child.kill('SIGQUIT')
        throw embeddedServerErrors.START_FAILED({ detail: `not ready after ${readyTimeoutMs / 1000} s` })
      }
      await delay(pollMs)
    }
  }
  await Promise.race([failed, ready()]).finally(() => waiting.abort())
}

/** The server writes its process id on the first and its state on the eighth line of `postmaster.pid`. */
function isReady(dataDirectory: string, pid: number | undefined): boolean {
  const lines = readPostmasterFile(dataDirectory)
  return lines !== undefined && Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

function readPostmasterFile(dataDirectory: string): string[] | undefined {
  try {
    return readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
}

function startFailure(log: string, status: number | string | null): Error {
  const lines = log.trim().split('\n')
  const fatal = lines.filter((line) => /\b(FATAL|PANIC|ERROR)\b|error/.test(line)).slice(0, 2)
  const detail =
    (fatal.length > 0 ? fatal : lines.slice(-2)).join(' ') || `ended with ${status ?? 'no status'}`
  if (/no space left on device/i.test(log)) return embeddedServerErrors.NO_SPACE({ detail })
  return embeddedServerErrors.START_FAILED({ detail })
}

/** Fast shutdown: open transactions are rolled back, a checkpoint is written. Killed when that takes too long. */
export async function stopServerProcess(child: ChildProcess, clusterName: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.ref()
  for (const [signal, patienceMs] of shutdownSteps) {
    child.kill(signal)
    const timeout = new AbortController()
    const late = delay(patienceMs, 'late', { signal: timeout.signal }).catch(() => 'aborted')
    const outcome = await Promise.race([ended, late])
    timeout.abort()
    if (outcome !== 'late') break
  }
  await endLeftovers(clusterName)
}

const shutdownSteps = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const

/**
 * Ends a server that outlived its studio, and processes that outlived their server, and waits until all are gone.
 * They are known by the cluster's name in their command line, never by a number alone: after a restart of the machine
 * the number in `postmaster.pid` may be anybody's. Returns how many there were.
 */
export async function endOrphans(command: ServerPlace): Promise<number> {
  const { clusterName, dataDirectory, socketDirectory } = command
  const recorded = Number(readPostmasterFile(dataDirectory)?.[0])
  const found = serverProcesses(clusterName)
  if (found.includes(recorded)) {
    for (const [signal, patienceMs] of shutdownSteps) {
      sendSignal(recorded, signal)
      if (await untilGone(() => serverProcesses(clusterName).includes(recorded), patienceMs)) break
    }
  }
  await endLeftovers(clusterName)
  // Nobody runs on this data any more, so what these say is out of date, whoever now has the numbers in them.
  rmSync(join(dataDirectory, 'postmaster.pid'), { force: true })
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock'])
    rmSync(join(socketDirectory, name), { force: true })
  return found.length
}

/** Workers of a server that is dead itself: there is nothing left that they could finish. */
async function endLeftovers(clusterName: string): Promise<void> {
  for (const pid of serverProcesses(clusterName)) sendSignal(pid, 'SIGKILL')
  await untilGone(() => serverProcesses(clusterName).length > 0, 5_000)
}

async function untilGone(present: () => boolean, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  while (present()) {
    if (Date.now() > deadline) return false
    await delay(pollMs)
  }
  return true
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Already gone.
  }
}

function serverProcesses(clusterName: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isServerProcess(pid, clusterName))
}

function isServerProcess(pid: number, clusterName: string): boolean {
  try {
    // A process that has ended but was not yet collected has an empty command line.
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return (
      commandLine.includes(clusterName) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    )
  } catch {
    return false
  }
}
