import type { z } from 'zod'
import type { RunStatus, StepDefinition, StepStatus } from '../contracts/index.ts'
import type {
  Clock,
  Digest,
  ErrorReport,
  Logger,
  PrincipalId,
  ProjectId,
  RunId,
  TenantId,
} from '../kernel/index.ts'
import type { Database, Scope } from '../store/index.ts'

/** What can be stored: inputs, outputs and arguments are JSON and nothing else. */
export type JsonValue = z.infer<ReturnType<typeof z.json>>
export type JsonObject = Readonly<Record<string, JsonValue>>

/** One try of one step, or of one item of its fan-out. */
export interface StepInvocation {
  readonly tenantId: TenantId
  /** The principal who started the run. */
  readonly principalId: PrincipalId
  readonly runId: RunId
  readonly stepId: string
  /** Position in the fan-out; undefined for a step without `over`. */
  readonly itemIndex: number | undefined
  /** Counts from 1; a try that a crash cut off goes on under the same number. */
  readonly attempt: number
  /** `compensation` undoes what the step did, with the arguments of its `compensate`. */
  readonly role: 'forward' | 'compensation'
  readonly step: StepDefinition
  /** What to perform: the step's `uses`, or that of its compensation. */
  readonly uses: string
  /** `with` after its expressions were evaluated. */
  readonly with: JsonObject
  /** For a compensation: what the step had answered. */
  readonly output: JsonValue | undefined
  /** The same for every attempt of the same step and item, so that an act is performed once. */
  readonly idempotencyKey: string
  /** Aborted at the deadline, when the run is stopped and when the process shuts down. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly deadline: number
  /** Adds to the run's event log; delivered in order, before the step's end. */
  readonly emit: (event: { readonly kind: 'log' | 'progress'; readonly data: JsonObject }) => void
}

/** Failures are thrown: an `AtelierError` says itself whether another try may help, anything else is tried again. */
export type StepOutcome =
  | { readonly kind: 'succeeded'; readonly output: JsonValue }
  /**
   * The step ends later, when somebody calls {@link Engine.complete}, or is performed again, after {@link Engine.wake} or
   * at `until` (milliseconds since the epoch); nothing is held meanwhile.
   */
  | {
      readonly kind: 'waiting'
      readonly reason: string
      readonly payload?: JsonValue
      readonly until?: number
    }

/** Performs the steps of one kind. */
export interface StepExecutor {
  execute(step: StepInvocation): Promise<StepOutcome>
}

/** Kinds that are performed outside of the engine; sub-workflows are its own. */
type ExecutedKind = Exclude<StepDefinition['kind'], 'workflow'>

export interface RunRecord {
  readonly runId: RunId
  readonly tenantId: TenantId
  /** Who started it. */
  readonly principalId: PrincipalId
  readonly projectId: ProjectId
  readonly workflow: { readonly name: string; readonly version: number; readonly digest: Digest }
  /** Counts the revisions of the plan, from 1. */
  readonly planVersion: number
  readonly status: RunStatus
  readonly inputs: JsonObject
  readonly labels: Readonly<Record<string, string>>
  /** What the definition's `result` expressions yielded; null until the run has ended. */
  readonly result: JsonValue
  readonly error: ErrorReport | null
  readonly parent: { readonly runId: RunId; readonly stepId: string } | null
  readonly createdAt: Date
  readonly endedAt: Date | null
}

export interface StepRecord {
  readonly stepId: string
  /** Undefined for the step itself; the items of a fan-out are listed after it. */
  readonly itemIndex: number | undefined
  readonly title: string
  readonly kind: StepDefinition['kind']
  readonly uses: string
  readonly needs: readonly string[]
  readonly status: StepStatus
  readonly attempts: number
  readonly output: JsonValue
  readonly outputDigest: Digest | null
  readonly error: ErrorReport | null
  /** Why it waits, for what, and until when it waits at most, in milliseconds since the epoch. */
  readonly waiting: {
    readonly reason: string
    readonly payload: JsonValue
    readonly until?: number
  } | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

/**
 * What happened in a run, in order. Kinds: `run-started`, `run-waiting`, `run-resumed`, `run-stopping`, `run-ended`,
 * `plan-revised`, `step-started`, `step-waiting`, `step-retrying`, `step-ended`, `step-compensated`, `log`, `progress`.
 */
export interface RunEvent {
  /** Without gaps, from 1, within the run. */
  readonly sequence: number
  readonly time: Date
  readonly kind: string
  readonly stepId: string | null
  readonly itemIndex: number | null
  readonly data: JsonObject
}

export interface StartRun {
  /** A stored definition, or the definition itself, which is then stored as an approved one. */
  readonly definition: { readonly digest: Digest } | { readonly source: unknown }
  readonly inputs: JsonObject
  /** Starting the same id again answers with the run that is there. */
  readonly runId?: RunId
  /** The default project of the tenant when absent; runs that this one starts are of the same. */
  readonly projectId?: ProjectId
  readonly labels?: Readonly<Record<string, string>>
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it as `after` to get the next page; null on the last one. */
  readonly next: string | null
}

export interface ListRuns {
  readonly status?: RunStatus
  /** Only runs that carry all of these labels. */
  readonly labels?: Readonly<Record<string, string>>
  /** Runs that no other run has started. */
  readonly topLevel?: boolean
  /** Only these. */
  readonly runIds?: readonly string[]
  readonly after?: string
  /** 1 … 200; 50 when absent. */
  readonly limit?: number
}

export interface SavedDefinition {
  readonly digest: Digest
  readonly name: string
  readonly version: number
  readonly state: DefinitionState
}

/** Only approved versions run; a run goes on with its version when that is retired. */
export type DefinitionState = 'draft' | 'approved' | 'retired'

export interface WatchOptions {
  /** Begin after the event with this sequence; 0 for all. */
  readonly afterSequence?: number
  /** False: end after the events that are there. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export interface LaunchOptions {
  /**
   * No other process works on this database (the embedded server's lock proves it): work that a dead process left
   * is taken up at once instead of after the stale limit.
   */
  readonly exclusive?: boolean
}

export interface ShutdownOptions {
  /** Milliseconds that running steps are given to end; then they are aborted and left to the next process. */
  readonly graceMs?: number
}

/** Durable execution of workflow definitions. Every method but `launch` and `shutdown` works within one tenant. */
export interface Engine {
  /** Begins to perform steps, first those that this executor left when it died. */
  launch(options?: LaunchOptions): Promise<void>
  /** Stops taking up steps, lets running ones end within the grace, hands the others over. Safe to call twice. */
  shutdown(options?: ShutdownOptions): Promise<void>

  /**
   * Checks and stores a definition, as YAML text or as a value. The same definition again changes nothing.
   * @throws errors of the area WORKFLOW that say which step and where in the text.
   */
  saveDefinition(scope: TenantScope, definition: unknown, state?: DefinitionState): Promise<SavedDefinition>
  setDefinitionState(scope: TenantScope, digest: Digest, state: DefinitionState): Promise<void>

  /**
   * Starts a run; it is durable when this returns. Repeating it with the same `runId` returns the run that is there.
   * @throws ATL_ENGINE_UNKNOWN_DEFINITION, NOT_APPROVED, MISSING_INPUT, UNDECLARED_INPUT, RUN_ID_TAKEN
   */
  startRun(scope: TenantScope, start: StartRun): Promise<RunRecord>
  /** @throws ATL_ENGINE_UNKNOWN_RUN */
  getRun(scope: TenantScope, runId: string): Promise<RunRecord>
  /** Newest first. */
  listRuns(scope: TenantScope, list?: ListRuns): Promise<Page<RunRecord>>
  /** In the order of the plan, each followed by the items of its fan-out. */
  listSteps(scope: TenantScope, runId: string): Promise<readonly StepRecord[]>
  /** The steps of several runs at once, by run; those that are not there are left out. */
  listStepsOf(
    scope: TenantScope,
    runIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly StepRecord[]>>
  /** Stops the run and undoes what can be undone. Cancelling twice is fine. @throws ATL_ENGINE_RUN_ENDED */
  cancelRun(scope: TenantScope, runId: string, reason: string): Promise<void>
  /** Does again what failed, was cancelled or was undone. @throws ATL_ENGINE_NOT_RESUMABLE */
  retryRun(scope: TenantScope, runId: string): Promise<void>
  /**
   * Answers a step that waits. The same answer again is fine.
   * @throws ATL_ENGINE_NOT_WAITING, ATL_ENGINE_ALREADY_COMPLETED
   */
  complete(
    scope: TenantScope,
    runId: string,
    stepId: string,
    output: JsonValue,
    itemIndex?: number,
  ): Promise<void>
  /**
   * Has a step that waits performed again, because what it waits for is there; it may wait once more. A step that does not
   * wait stays as it is. @throws ATL_ENGINE_UNKNOWN_STEP
   */
  wake(scope: TenantScope, runId: string, stepId: string, itemIndex?: number): Promise<void>
  /**
   * Replaces the steps that have not begun by others, which may need those that have. Answers the new plan version.
   * @throws errors of the area WORKFLOW, ATL_ENGINE_BAD_PLAN, ATL_ENGINE_RUN_ENDED
   */
  revisePlan(
    scope: TenantScope,
    runId: string,
    remainingSteps: readonly unknown[],
    reason: string,
  ): Promise<number>
  /** The run's events from a position on, then each new one as it happens, until the run has ended. */
  watch(scope: TenantScope, runId: string, options?: WatchOptions): AsyncIterable<RunEvent>
  /** Adds a line or a progress report to the run's events. */
  appendEvent(
    scope: TenantScope,
    runId: string,
    event: { readonly stepId?: string; readonly kind: 'log' | 'progress'; readonly data: JsonObject },
  ): Promise<void>
}

export type TenantScope = Extract<Scope, { kind: 'tenant' }>

export interface EngineOptions {
  readonly database: Database
  readonly executors: Readonly<Partial<Record<ExecutedKind, StepExecutor>>>
  readonly clock?: Clock
  readonly logger?: Logger
  /** Stable over restarts of the same process, so that it finds its own unfinished work; unique among processes. */
  readonly executorId?: string
  /** Steps performed at the same time by this process. */
  readonly concurrency?: number
  /** Milliseconds without a heartbeat after which another process takes over. */
  readonly staleAfterMs?: number
}
