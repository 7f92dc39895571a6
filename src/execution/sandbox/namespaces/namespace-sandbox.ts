import { posix } from 'node:path'
import { checkCommand, insidePath, pathsToFreeze } from '../command.ts'
import { sandboxErrors } from '../errors.ts'
import { writeLayer } from '../layer-files.ts'
import { watchMemory } from '../memory-watchdog.ts'
import type { Sandbox, SandboxCommand, SandboxProcess, SandboxResult, SandboxSpec } from '../port.ts'
import { processIds } from '../process-tree.ts'
import { RunningSet } from '../running-set.ts'
import { followProcess, KillSwitch, superviseToEnd, type SupervisedResult } from '../supervision.ts'
import type { Cgroup } from './cgroups.ts'
import { watchDisk } from './disk-watchdog.ts'
import { launch, launchFailure, type Isolation, type Launched } from './launcher.ts'
import { writeOverlayChanges } from './overlay-changes.ts'

/** Largest file that {@link Sandbox.readFile} returns. */
const readLimitBytes = 256 * 1024 * 1024
const fileTimeoutMs = 60_000
/** Status with which the reading script says that there is no such file. */
const absent = 44

/** What a namespace sandbox is made of; the host prepares it. */
export interface SandboxParts {
  readonly id: string
  readonly spec: SandboxSpec
  readonly isolation: Isolation
  /** Bytes of memory that the studio's own processes in the sandbox may use on top of its limit. */
  readonly overheadBytes: number
  /** Whether the writable layer lies on the host's disk, where nothing but watching it limits its size. */
  readonly watchesDisk: boolean
  readonly cgroup: Cgroup | null
  /** Releases everything outside the holder: proxy, records, files. */
  readonly release: () => Promise<void>
}

/** A sandbox of Linux namespaces. See `holder.sh` for what lasts and `launcher.ts` for what each command gets. */
export class NamespaceSandbox implements Sandbox {
  readonly id: string
  readonly isolation = 'namespaces'
  readonly #parts: SandboxParts
  readonly #running: RunningSet
  /** Number of frozen layers below the current one. */
  #depth = 0
  #destroyed: Promise<void> | null = null
  #memoryKills = 0

  constructor(parts: SandboxParts) {
    this.id = parts.id
    this.#parts = parts
    this.#running = new RunningSet(parts.id)
  }

  locate(path: string): string {
    return insidePath(path)
  }

  async run(command: SandboxCommand): Promise<SandboxResult> {
    const { stdout, stderr, ...rest } = await this.#runToEnd(command, this.#parts.spec.limits.outputBytes)
    return { ...rest, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') }
  }

  start(command: Omit<SandboxCommand, 'stdin' | 'onOutput'>): SandboxProcess {
    const { launched, kill } = this.#launch(command, 'pipe')
    const started = followProcess(launched.child, kill, command)
    const exited = started.exited.then(async (ended) => {
      await this.#sweep(ended)
      if (ended.kind === 'exited' && !(await launched.programEnded()))
        throw launchFailure(command.argv[0], '')
      return this.#namedCause(ended)
    })
    // Who does not wait for the end must not be brought down by it.
    exited.catch(() => undefined)
    this.#running.add(kill, exited)
    return { ...started, exited }
  }

  async readFile(path: string): Promise<Uint8Array | null> {
    const script = `[ -f "$1" ] || exit ${absent}; exec cat <"$1"`
    const argv = ['/bin/sh', '-c', script, 'sh', insidePath(path)] as const
    const result = await this.#runToEnd({ argv, cwd: '/', timeoutMs: fileTimeoutMs }, readLimitBytes)
    if (result.ended.kind === 'exited' && result.ended.code === absent) return null
    this.#assertFileDone(path, result)
    if (result.discardedBytes > 0) throw sandboxErrors.FILE_FAILED({ detail: `${path} is too large to read` })
    return result.stdout
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    const inside = insidePath(path)
    const argv = [
      '/bin/sh',
      '-c',
      'mkdir -p "$2" && exec cat >"$1"',
      'sh',
      inside,
      posix.dirname(inside),
    ] as const
    const command = { argv, cwd: '/', timeoutMs: fileTimeoutMs, stdin: content }
    this.#assertFileDone(path, await this.#runToEnd(command, 4096))
  }

  async freeze(target: string, only?: readonly string[]): Promise<string> {
    this.#running.assertIdle()
    const { holder } = this.#parts.isolation
    await holder.sweepOrphans()
    const selected = pathsToFreeze(only)
    const root = {
      layers: this.#parts.spec.layers,
      uppers: Array.from({ length: this.#depth + 1 }, (_, index) =>
        holder.path(`/disk/uppers/${index}/files`),
      ),
      merged: holder.path('/sandbox/workspace'),
    }
    const layer = await writeLayer(target, (writer) => writeOverlayChanges(root, writer, selected))
    if (only === undefined) {
      await holder.perform('freeze', this.#depth + 1)
      this.#depth += 1
    }
    return layer
  }

  async rollback(): Promise<void> {
    this.#running.assertIdle()
    const { holder } = this.#parts.isolation
    await holder.sweepOrphans()
    await holder.perform('rollback', this.#depth)
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#tearDown()
    return this.#destroyed
  }

  async #tearDown(): Promise<void> {
    const ended = this.#running.destroy()
    await this.#parts.isolation.holder.stop()
    await ended
    await this.#parts.release()
  }

  async #runToEnd(command: SandboxCommand, outputBytes: number): Promise<SupervisedResult> {
    const { launched, kill } = this.#launch(command, command.stdin === undefined ? 'ignore' : 'pipe')
    const ended = superviseToEnd(launched.child, kill, command, outputBytes).then(async (result) => {
      await this.#sweep(result.ended)
      return { ...result, ended: await this.#namedCause(result.ended) }
    })
    this.#running.add(kill, ended)
    const result = await ended
    if (result.ended.kind === 'exited' && !(await launched.programEnded()))
      throw launchFailure(command.argv[0], result.stderr.toString('utf8'))
    return result
  }

  /** Whether a signal that ended a command was the kernel's, for want of memory in the sandbox's control group. */
  async #namedCause(ended: SandboxResult['ended']): Promise<SandboxResult['ended']> {
    const { cgroup } = this.#parts
    if (cgroup === null || ended.kind !== 'killed' || ended.by !== 'signal') return ended
    const kills = await cgroup.memoryKills()
    const isMemory = kills > this.#memoryKills
    this.#memoryKills = kills
    return isMemory ? { kind: 'killed', by: 'memory' } : ended
  }

  /**
   * The kernel ends what a command left behind as soon as its launcher has ended. Only a launcher that was killed at its
   * very beginning may not have told it so yet, and then the end is waited for.
   */
  async #sweep(ended: SandboxResult['ended']): Promise<void> {
    const swept = this.#parts.isolation.holder.sweepOrphans()
    if (ended.kind === 'killed') await swept
  }

  #launch(command: SandboxCommand, stdin: 'ignore' | 'pipe'): { launched: Launched; kill: KillSwitch } {
    this.#running.assertAlive()
    checkCommand(command)
    const { isolation, spec } = this.#parts
    if (!isolation.holder.isAlive)
      throw sandboxErrors.DESTROYED({ detail: `${this.id}: its namespaces were ended from outside` })
    const launched = launch(isolation, command, stdin)
    const kill = new KillSwitch(() => {
      for (const unwatch of watches) unwatch()
      launched.kill()
    })
    const { overheadBytes, watchesDisk, cgroup } = this.#parts
    const watches = [
      watchMemory(this.#memory(), spec.limits.memoryBytes + overheadBytes, () => kill.trip('memory')),
    ]
    if (watchesDisk) watches.push(watchDisk(isolation.holder, spec.limits.diskBytes, () => kill.trip('disk')))
    if (cgroup !== null && launched.child.pid !== undefined) void cgroup.addTree(launched.child.pid)
    return { launched, kill }
  }

  #memory(): Parameters<typeof watchMemory>[0] {
    const { holder } = this.#parts.isolation
    const proc = holder.path('/proc')
    return { proc, processes: () => processIds(proc), tmpfs: holder.path('/scratch') }
  }

  #assertFileDone(path: string, { ended, stderr }: SupervisedResult): void {
    if (ended.kind === 'exited' && ended.code === 0) return
    const said = stderr.toString('utf8').trim()
    const why = said === '' ? `the ${ended.kind === 'killed' ? ended.by : 'reader'} ended it` : said
    throw sandboxErrors.FILE_FAILED({ detail: `${path}: ${why}` })
  }
}
