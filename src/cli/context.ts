import type { CommandDescription } from '../api/documentation/index.ts'
import type { Studio } from '../api/index.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly dataDirectory?: string
  readonly sandbox?: 'namespaces' | 'none'
  readonly json?: boolean
  /** Address of a studio that runs elsewhere. */
  readonly server?: string
}

export interface Diagnosis {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly remedy: string | undefined
  }[]
}

/** A scripted model to test with; the fields are those of the command `atelier model-server`. */
interface ModelServerSettings {
  readonly scenarios: readonly string[]
  /** Probabilities by the name of a fault. */
  readonly faults: Readonly<Record<string, number>>
  readonly seed: number
  readonly pace: number
  readonly host: string
  readonly port: number
  readonly socket?: string
  readonly key?: string
}

interface RunningModelServer {
  readonly url: string
  received(): number
  close(): Promise<void>
}

/** What was written or read. */
export interface BackupSummary {
  readonly folder: string
  /** ISO 8601; what was committed before is in it. */
  readonly startedAt: string
  readonly files: number
  readonly bytes: number
}

export interface MoveProgress {
  readonly table: string
  /** How many have gone by. */
  readonly rows: number
  readonly done: boolean
}

/** What was moved from one database to another; places without passwords, null for the embedded database. */
export interface MoveSummary {
  readonly from: string | null
  readonly to: string | null
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
  readonly seconds: number
  /** Of the audit chains and ledgers of all tenants, where they are now. */
  readonly audit: { readonly ok: boolean; readonly records: number; readonly problems: readonly string[] }
  readonly dataDirectory: string
}

export interface ServeSettings {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly roles: readonly ('api' | 'worker')[]
  /** The command line, for its reference in the documentation. */
  readonly commands: () => CommandDescription
}

export interface DocumentationSettings {
  /** Of this machine; 0 for any free port. */
  readonly port: number
  readonly commands: () => CommandDescription
}

interface RunningDocumentation {
  /** Of the first page. */
  readonly url: string
  close(): Promise<void>
}

/** A studio that serves others. */
export interface RunningStudio {
  readonly url: string
  /** Signs its owner in, once, within a day; null where the owner has been here before. */
  readonly ownerLink: string | null
  close(): Promise<void>
}

/** What the commands need from the composition root. */
export interface CliContext {
  readonly terminal: Terminal
  readonly version: string
  /** Opens the studio that the options or the environment name, here or elsewhere; `work` says whether this process is to execute steps or only to look. */
  /** Whether commands go to a studio that runs elsewhere. */
  goesElsewhere(options: GlobalOptions): Promise<boolean>
  openStudio(options: GlobalOptions, purpose: 'work' | 'look'): Promise<Studio>
  /** The newest runs of a studio elsewhere, quickly or not at all; none of this machine's, whose studio takes time to open. */
  recentRuns(options: GlobalOptions): Promise<readonly { readonly id: string; readonly title: string }[]>
  diagnose(options: GlobalOptions): Promise<Diagnosis>
  backUp(options: GlobalOptions, folder: string): Promise<BackupSummary>
  restore(options: GlobalOptions, folder: string): Promise<BackupSummary>
  /** @param to address of a server's database; undefined for the embedded one. */
  moveDatabase(
    options: GlobalOptions,
    to: string | undefined,
    onProgress: (progress: MoveProgress) => void,
  ): Promise<MoveSummary>
  serveStudio(options: GlobalOptions, settings: ServeSettings): Promise<RunningStudio>
  serveDocumentation(settings: DocumentationSettings): Promise<RunningDocumentation>
  startModelServer(settings: ModelServerSettings): Promise<RunningModelServer>
  readonly signIn: {
    /** Signs in at a studio; answers as whom. `show` tells where to approve which code. */
    at(
      server: string,
      how: {
        readonly show: (page: string, code: string) => void
        /** Whether commands go to this studio where nobody names one. */
        readonly isDefault: boolean
      },
    ): Promise<string>
    /** False where nobody was signed in. */
    out(server: string): Promise<boolean>
    ownerLink(options: GlobalOptions): Promise<string>
  }
  verifyEvidence(bundle: unknown): Promise<{
    readonly ok: boolean
    readonly checked: number
    readonly problems: readonly string[]
  }>
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal
}
