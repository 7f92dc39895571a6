import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { sandboxErrors } from '../errors.ts'
import { killProcess, readProcess } from '../process-tree.ts'
import type { SandboxLimits } from '../port.ts'
import { childrenOf } from './host-processes.ts'
import type { Runtime } from './runtime.ts'
import { stagingFailed, type Staging } from './staging.ts'
import { insideHostname, insideUser, programArguments, systemArguments } from './system-files.ts'

/** What a sandbox is made of, before anything runs. */
export interface HolderPlan {
  readonly staging: Staging
  /** Indexes into `staging.places`. */
  readonly layers: readonly number[]
  readonly binds: readonly { readonly place: number; readonly target: string }[]
  /** More files that only the studio's own commands get to see, by their path in the holder. */
  readonly extras: readonly { readonly place: number; readonly target: string }[]
  readonly synthetic: number
  readonly limits: SandboxLimits
  /** Place of the directory that takes what is written, or null for a sized tmpfs. */
  readonly disk: number | null
}

/** Thrown when the staging method cannot be used here, so that the next one can be tried. */
export class StagingRefused extends Error {}

const startTimeoutMs = 20_000

/**
 * The process that keeps a sandbox's namespaces: process 1 of its process namespace and owner of its mounts, its
 * network and its writable layer. Every command is started into these namespaces and isolated once more.
 */
export class Holder {
  /** Number of process 1 on the host. */
  readonly pid: number
  /** Settles when the holder has ended, and with it every process of the sandbox. */
  readonly ended: Promise<void>
  readonly #runtime: Runtime
  readonly #child: ChildProcess
  #alive = true

  private constructor(runtime: Runtime, child: ChildProcess, pid: number) {
    this.#runtime = runtime
    this.#child = child
    this.pid = pid
    this.ended = once(child, 'exit').then(() => {
      this.#alive = false
    })
  }

  get isAlive(): boolean {
    return this.#alive && (readProcess(this.pid)?.state ?? 'Z') !== 'Z'
  }

  /** @throws StagingRefused, ATL_SANDBOX_LAYER_UNREADABLE, ATL_SANDBOX_LAUNCH_FAILED */
  static async start(runtime: Runtime, plan: HolderPlan): Promise<Holder> {
    const argv = [...plan.staging.prefix, runtime.programs.bwrap, ...holderArguments(runtime, plan)]
    const [program = '', ...rest] = argv
    // A session of its own, so that an interrupt from the terminal reaches the studio and not its sandboxes.
    const child = spawn(program, rest, {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => undefined)
    await readiness(child)
    const [pid] = childrenOf(child.pid ?? -1)
    if (pid === undefined) throw sandboxErrors.LAUNCH_FAILED({ detail: 'the holder ended at once' })
    return new Holder(runtime, child, pid)
  }

  /** Where the studio reads the holder's files from outside. Only for files that no running process can exchange. */
  path(inside: string): string {
    return `/proc/${this.pid}/root${inside}`
  }

  /** What comes before a program to run it in the holder's namespaces, with the rights of their root. */
  enter(): readonly [string, ...string[]] {
    const target = [
      '--target',
      String(this.pid),
      '--user',
      '--preserve-credentials',
      '--mount',
      '--net',
      '--pid',
    ]
    return [this.#runtime.programs.nsenter, ...target, '--']
  }

  /** The user and group to spawn as before entering. */
  credentials(): { readonly uid?: number; readonly gid?: number } {
    const { isRoot, uid, gid } = this.#runtime.identity
    return isRoot ? { uid, gid } : {}
  }

  /** Runs one of the cases of `holder.sh`. @throws ATL_SANDBOX_LAUNCH_FAILED */
  async perform(action: 'freeze' | 'rollback', depth: number): Promise<void> {
    const [program, ...rest] = [...this.enter(), '/bin/sh', '-c', this.#runtime.holderScript, 'sh'] as const
    const child = spawn(program, [...rest, action, String(depth)], {
      ...this.credentials(),
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const complaint = firstBytes(child)
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw sandboxErrors.LAUNCH_FAILED({ detail: `${action}: ${complaint()}` })
  }

  /** Ends what lost its parent: commands whose launcher was killed before it could take them along. */
  async sweepOrphans(): Promise<void> {
    for (let round = 0; this.isAlive && round < 200; round += 1) {
      // The first child is the one that waits for the end of the studio; there are no others of its own.
      const [, ...others] = childrenOf(this.pid)
      // Process 1 of a command's namespace is a zombie only when everything in that namespace is dead.
      const orphans = others.filter((pid) => (readProcess(pid)?.state ?? 'Z') !== 'Z')
      if (orphans.length === 0) return
      orphans.forEach(killProcess)
      await sleep(1)
    }
  }

  /** Ends the holder and with it everything in its namespaces. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.#alive) return
    this.#child.stdin?.destroy()
    killProcess(this.pid)
    await this.ended
  }
}

function holderArguments(runtime: Runtime, plan: HolderPlan): readonly string[] {
  const place = (index: number): string => plan.staging.places[index] ?? ''
  const { limits } = plan
  const scratchBytes = Math.floor(limits.memoryBytes / 2)
  // A file costs the kernel memory even when it is empty, so their number is limited as well as their size.
  const filesFor = (bytes: number): number => Math.max(4096, Math.floor(bytes / 4096))
  const diskBytes = plan.disk === null ? limits.diskBytes : 0
  const script = ['/bin/sh', '-c', runtime.holderScript, 'sh', 'hold', plan.layers.length]
  return [
    ...[
      '--unshare-all',
      '--as-pid-1',
      '--cap-add',
      'ALL',
      '--uid',
      '0',
      '--gid',
      '0',
      '--hostname',
      insideHostname,
    ],
    ...programArguments(''),
    ...['--proc', '/proc', '--dev', '/dev', '--dir', '/tmp', '--dir', '/scratch'],
    ...(plan.disk === null ? ['--dir', '/disk'] : ['--bind', place(plan.disk), '/disk']),
    ...plan.layers.flatMap((index, number) => ['--ro-bind', place(index), `/layers/${number}`]),
    ...plan.extras.flatMap((extra) => ['--ro-bind', place(extra.place), extra.target]),
    ...systemArguments('/sandbox', place(plan.synthetic)),
    ...['workspace', 'proc', 'dev', 'tmp', 'run', insideUser.home, 'opt/atelier'].flatMap((name) => [
      '--dir',
      `/sandbox/${name.replace(/^\//, '')}`,
    ]),
    ...['--symlink', '/run', '/sandbox/var/run', '--symlink', '/tmp', '/sandbox/var/tmp'],
    ...plan.binds.flatMap((bind) => ['--ro-bind', place(bind.place), `/sandbox${bind.target}`]),
    '--',
    ...script.map(String),
    ...[diskBytes, filesFor(limits.diskBytes), scratchBytes, filesFor(scratchBytes)].map(String),
  ]
}

/** Waits until the holder says that its mounts stand. */
async function readiness(child: ChildProcess): Promise<void> {
  const complaint = firstBytes(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs)
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve())
      child.once('error', (error) =>
        reject(sandboxErrors.LAUNCH_FAILED({ detail: error.message, cause: error })),
      )
      child.once('close', (code) => reject(refusal(code, complaint())))
    })
  } finally {
    clearTimeout(timer)
  }
}

function refusal(code: number | null, complaint: string): Error {
  if (code === stagingFailed) return new StagingRefused(complaint)
  if (/Can't find source path .*: Permission denied/.test(complaint))
    return sandboxErrors.LAYER_UNREADABLE({ detail: complaint })
  return sandboxErrors.LAUNCH_FAILED({ detail: complaint === '' ? `status ${String(code)}` : complaint })
}

/** Collects the beginning of what a process complains about. */
function firstBytes(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (text.length < 4096) text += chunk.toString('utf8')
  })
  return () => text.trim()
}
