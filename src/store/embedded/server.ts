import type { ChildProcess } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { reportError, silentLogger } from '../../kernel/index.ts'
import type { Logger } from '../../kernel/index.ts'
import { roles } from '../roles.ts'
import type { DatabaseTarget } from '../target.ts'
import { makePrivateDirectory, studioAccountName } from './account.ts'
import { bootstrap } from './bootstrap.ts'
import { dataDirectory, ensureCluster } from './cluster.ts'
import { databaseName, superuser, writeConfiguration } from './configuration.ts'
import { inspectInstallation, prepareInstallation } from './installation.ts'
import type { Installation } from './installation.ts'
import { lockDataDirectory } from './lock.ts'
import type { DataDirectoryLock } from './lock.ts'
import { asStartFailure, choosePlace, makeDirectory } from './place.ts'
import type { Place } from './place.ts'
import { endOrphans, startServerProcess, stopServerProcess } from './server-process.ts'
import type { ServerCommand, ServerPlace } from './server-process.ts'

export interface EmbeddedServerOptions {
  /** Where everything of the server lives; made when absent. One process at a time may use it. */
  readonly directory: string
  /** Whether this process does the studio's work, which others that join are told; true when absent. */
  readonly works?: boolean
  /** Whether other processes are told how to join, which are refused otherwise; true when absent. */
  readonly shared?: boolean
  readonly logger?: Logger
  /** Told when it begins to wait for PostgreSQL's programs, which may take seconds: this process has time meanwhile. */
  readonly onWaiting?: () => void
  /** Account to run as when the studio is root; `nobody` when absent. */
  readonly account?: { readonly uid: number; readonly gid: number }
  /** Folder of other PostgreSQL programs than the ones from npm, for example `/usr/lib/postgresql/15/bin`. */
  readonly binDirectory?: string
  /** Settings of `postgresql.conf` that win over the studio's. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** A PostgreSQL server that belongs to this process. */
export interface EmbeddedServer {
  readonly target: DatabaseTarget
  /** Of the main server process; changes when it died and was started again, undefined in between. */
  readonly pid: number | undefined
  readonly dataDirectory: string
  readonly logFile: string
  /** Address for one role, by default of the studio's database. */
  urlFor(role: string, database?: string): string
  /** Ends the server and gives the data directory back. Safe to call twice. */
  stop(): Promise<void>
}

/** Restarts within a minute after which the server is given up. */
const restartLimit = 5

/**
 * Starts PostgreSQL as a child process over `directory`: creates the database at the first start, ends what an earlier
 * studio left behind, recovers from crashes, and starts the server again when it dies.
 * @throws errors of the area EMBEDDED.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const directory = makeDirectory(resolve(options.directory))
  const lock = await lockDataDirectory(directory)
  try {
    const place = choosePlace(directory, lock.directoryId, options.account)
    const server: ServerPlace = {
      dataDirectory: dataDirectory(place.cluster),
      socketDirectory: makeSocketDirectory(place, lock.directoryId),
      clusterName: `atelier-${lock.directoryId}`,
    }
    const orphans = await endOrphans(server)
    const installation = await chooseInstallation(options, place)
    await ensureCluster(installation, place.account, place.cluster, options.onWaiting)
    const command: ServerCommand = {
      installation,
      account: place.account,
      ...server,
      logFile: join(directory, 'server.log'),
      arguments: await writeConfiguration(place.configuration, {
        major: installation.majorVersion,
        socketDirectory: server.socketDirectory,
        studioAccount: studioAccountName(),
        settings: options.settings ?? {},
      }),
    }
    const logger = (options.logger ?? silentLogger).child({ component: 'embedded-postgresql' })
    logger.log('debug', { ...server, orphans, version: installation.majorVersion }, 'starting PostgreSQL')
    const supervised = new SupervisedServer(command, logger, lock)
    options.onWaiting?.()
    await supervised.start()
    try {
      await bootstrap(supervised.urlFor(superuser, 'postgres'))
      if (options.shared !== false) lock.announce({ target: supervised.target, works: options.works ?? true })
    } catch (error) {
      await supervised.stop()
      throw error
    }
    return supervised
  } catch (error) {
    await lock.release()
    throw asStartFailure(error)
  }
}

function chooseInstallation(options: EmbeddedServerOptions, place: Place): Promise<Installation> {
  if (options.binDirectory !== undefined) return inspectInstallation(options.binDirectory)
  return prepareInstallation(place.account, place.installations)
}

/** The kernel allows 107 bytes for a socket's path, of which the server's file name takes 14. */
const longestSocketDirectory = 93

/** Makes the folder for the server's socket, which nobody but the account (and root) may enter. */
function makeSocketDirectory(place: Place, directoryId: string): string {
  const beside = join(dirname(place.cluster), 'socket')
  const directory =
    Buffer.byteLength(beside) <= longestSocketDirectory ? beside : `/tmp/atelier-${directoryId}`
  makePrivateDirectory(place.account, directory)
  chmodSync(directory, 0o700)
  return directory
}

class SupervisedServer implements EmbeddedServer {
  readonly #command: ServerCommand
  readonly #logger: Logger
  readonly #lock: DataDirectoryLock
  readonly #deaths: number[] = []
  #child: ChildProcess | undefined
  #restarting: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(command: ServerCommand, logger: Logger, lock: DataDirectoryLock) {
    this.#command = command
    this.#logger = logger
    this.#lock = lock
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get dataDirectory(): string {
    return this.#command.dataDirectory
  }

  get logFile(): string {
    return this.#command.logFile
  }

  get target(): DatabaseTarget {
    return {
      owner: this.urlFor(roles.owner),
      application: this.urlFor(roles.application),
      system: this.urlFor(roles.system),
    }
  }

  urlFor(role: string, database = databaseName): string {
    return `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(this.#command.socketDirectory)}`
  }

  async start(): Promise<void> {
    const child = await startServerProcess(this.#command)
    this.#child = child
    const onExit = (): void => {
      this.#child = undefined
      if (this.#stopped === undefined) this.#restarting = this.#restart()
    }
    if (child.exitCode !== null || child.signalCode !== null) onExit()
    else child.once('exit', onExit)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    await this.#restarting
    if (this.#child !== undefined) await stopServerProcess(this.#child, this.#command.clusterName)
    const { socketDirectory } = this.#command
    if (dirname(socketDirectory) === '/tmp') rmSync(socketDirectory, { recursive: true, force: true })
    await this.#lock.release()
  }

  async #restart(): Promise<void> {
    const now = Date.now()
    this.#deaths.push(now)
    const recent = this.#deaths.filter((time) => now - time < 60_000).length
    if (recent > restartLimit) {
      this.#logger.log('error', { restarts: restartLimit }, 'PostgreSQL keeps dying; given up')
      return
    }
    this.#logger.log('warn', { restart: recent }, 'PostgreSQL died; starting it again')
    try {
      await endOrphans(this.#command)
      await delay(50 * 2 ** recent, undefined, { ref: false })
      if (this.#stopped === undefined) await this.start()
    } catch (error) {
      this.#logger.log('error', { error: reportError(error) }, 'PostgreSQL could not be started again')
      if (this.#stopped === undefined) await this.#restart()
    }
  }
}
