import type { Readable, Writable } from 'node:stream'

/** Where a sandbox may connect to. Everything else is refused by the proxy and logged. */
export type EgressPolicy =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'allow-list'
      readonly hosts: readonly AllowedHost[]
    }

/** One destination that a sandbox may reach. Addresses are checked after the name was resolved. */
export interface AllowedHost {
  /** Exact name, or `*.example.org` for every name below `example.org`. */
  readonly host: string
  readonly port: number
  /** Permits private, loopback and link-local addresses, for a registry inside one's own network. */
  readonly allowPrivate?: boolean
}

export interface SandboxLimits {
  /** Bytes of data segment a process may have, and the sum over the sandbox that the watchdog allows. */
  readonly memoryBytes: number
  readonly processes: number
  /** Bytes the workspace's writable layer may hold. */
  readonly diskBytes: number
  /** Bytes of output kept per stream; more is discarded and counted. */
  readonly outputBytes: number
  /** Seconds of CPU a single process may use. */
  readonly cpuSeconds: number
}

export interface SandboxSpec {
  readonly runId: string
  /**
   * Immutable host directories that make up `/workspace`, lowest first. They are never written to: writes go to a
   * private layer on top.
   */
  readonly layers: readonly string[]
  /** More host directories or files, bound read-only at an absolute target outside `/workspace`. */
  readonly readOnlyBinds: readonly { readonly source: string; readonly target: string }[]
  readonly egress: EgressPolicy
  readonly limits: SandboxLimits
}

export interface SandboxCommand {
  /** Program and arguments; no shell is added. */
  readonly argv: readonly [string, ...string[]]
  /** Absolute inside the sandbox; `/workspace` when absent. */
  readonly cwd?: string
  /** The only environment besides PATH, HOME, TMPDIR, LANG and the proxy's variables. */
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Called with output as it comes, for live logs; the same caps apply. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
}

export interface SandboxResult {
  /** `killed` names the limit: `timeout`, `memory`, `cpu`, `cancelled`, or `signal` for any other. */
  readonly ended:
    | { readonly kind: 'exited'; readonly code: number }
    | { readonly kind: 'killed'; readonly by: string }
  readonly stdout: string
  readonly stderr: string
  /** Bytes that were cut from either stream. */
  readonly discardedBytes: number
  readonly durationMs: number
}

/** A long-lived process inside the sandbox, for warm workers. */
export interface SandboxProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<SandboxResult['ended']>
  kill(): void
}

/** An ephemeral, isolated place where repository-controlled code may run. */
export interface Sandbox {
  readonly id: string
  /** How strong the isolation is; recorded in the evidence. `none` only when a person asked for it. */
  readonly isolation: 'namespaces' | 'none'
  /**
   * The path under which processes of this sandbox see an inside path such as `/workspace/a.js` or the target of a
   * bind. The same path where there is a mount namespace; a host path where there is none, so every inside path that
   * goes into arguments, variables or files should pass through here.
   */
  locate(path: string): string
  run(command: SandboxCommand): Promise<SandboxResult>
  start(command: Omit<SandboxCommand, 'stdin' | 'onOutput'>): SandboxProcess
  /** Reads through the sandbox, so that symbolic links of the repository resolve inside it. Null if absent. */
  readFile(path: string): Promise<Uint8Array | null>
  writeFile(path: string, content: string | Uint8Array): Promise<void>
  /**
   * Freezes what has been written so far into an immutable layer and returns its host directory, fit to be used in
   * `SandboxSpec.layers` of any later sandbox. It holds every change since the sandbox was made, so it goes directly on
   * top of the sandbox's own layers and takes the place of layers it froze before. `only` limits it to these paths below
   * `/workspace`; such a layer is a copy, and the sandbox goes on as if it had not been made. No process may be running.
   */
  freeze(target: string, only?: readonly string[]): Promise<string>
  /** Drops all that was written since the last freeze or the beginning. No process may be running. */
  rollback(): Promise<void>
  /** Kills the whole process tree and removes every mount and file. Safe to call twice. */
  destroy(): Promise<void>
}

/** Makes sandboxes and cleans up after those that a crash left behind. */
export interface SandboxHost {
  create(spec: SandboxSpec): Promise<Sandbox>
  /** Removes processes, mounts and files of sandboxes whose owner is dead. Returns how many were removed. */
  reap(): Promise<number>
  close(): Promise<void>
}
