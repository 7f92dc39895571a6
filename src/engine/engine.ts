import { setTimeout as delay } from 'node:timers/promises'
import type { Digest, RunId } from '../kernel/index.ts'
import { createId, defaultProject, silentLogger, systemClock } from '../kernel/index.ts'
import type { Clock, Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import { prepareOutput } from './attempt.ts'
import { readDefinition } from './definition.ts'
import { approvedPlan, saveDefinition, setDefinitionState } from './definition-store.ts'
import { DurableFunctions } from './durable-functions.ts'
import type { Ticket } from './durable-functions.ts'
import { engineErrors } from './errors.ts'
import { ExecutorLease, newExecutorId } from './executor-lease.ts'
import { firstLine } from './leaves.ts'
import type { LiveRun, RunChanges } from './live-run.ts'
import { createRun } from './new-run.ts'
import { Places } from './places.ts'
import { PlanCache } from './plan-cache.ts'
import type { Plan } from './plan.ts'
import type {
  DefinitionState,
  Engine,
  EngineOptions,
  JsonObject,
  JsonValue,
  LaunchOptions,
  ListRuns,
  Page,
  RunEvent,
  RunRecord,
  SavedDefinition,
  ShutdownOptions,
  StartRun,
  StepRecord,
  TenantScope,
  WatchOptions,
} from './ports.ts'
import { begin, begunSteps, cancel, complete, resume, revise, wake } from './run-commands.ts'
import { changedRuns, listRuns, listSteps, readEvents, readHeader, recordsOf } from './run-queries.ts'
import type { RunHeader } from './run-state.ts'
import { stepNode, wholeStep } from './run-state.ts'
import { RunWatchers } from './run-watch.ts'
import { RunWriter } from './run-writer.ts'
import { StepRunner } from './step-runner.ts'
import { StopWatch } from './stop-watch.ts'
import { SubWorkflows } from './sub-workflows.ts'

/**
 * Makes an engine. It can be asked at once; what has to be performed is left to engines that are launched, of which this
 * may be one.
 */
export function createEngine(options: EngineOptions): Engine {
  return new DurableEngine(options)
}

const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/

class DurableEngine implements Engine {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #plans = new PlanCache()
  readonly #watchers: RunWatchers
  readonly #places: Places
  readonly #functions: DurableFunctions
  readonly #lease: ExecutorLease
  readonly #writer: RunWriter
  readonly #runner: StepRunner
  readonly #subWorkflows: SubWorkflows
  readonly #stopWatch: StopWatch
  #ending: Promise<void> | undefined

  constructor(options: EngineOptions) {
    const { database, executors, clock = systemClock, staleAfterMs = 6000, concurrency = 16 } = options
    const { executorId = newExecutorId() } = options
    const logger = (options.logger ?? silentLogger).child({ component: 'engine', executorId })
    const { owner } = database
    this.#database = database
    this.#clock = clock
    this.#logger = logger
    this.#watchers = new RunWatchers({
      logger,
      source: {
        changed: (runs) => database.transaction({ kind: 'system' }, (tx) => changedRuns(tx, runs)),
        read: (scope, runs) => database.transaction(scope, (tx) => readEvents(tx, scope.tenantId, runs)),
      },
    })
    this.#places = new Places(concurrency)
    this.#functions = new DurableFunctions({
      owner,
      executorId,
      logger,
      concurrency,
      busy: () => this.#places.taken,
      perform: (ticket) => this.#perform(ticket),
    })
    const recover = (executorIds: readonly string[]): Promise<number> => this.#functions.recover(executorIds)
    this.#lease = new ExecutorLease({ owner, executorId, staleAfterMs, logger, recover })
    const plans = this.#plans
    this.#writer = new RunWriter({
      database,
      functions: this.#functions,
      plans,
      clock,
      logger,
      executorId,
      takePlace: () => this.#places.take(),
      returnPlace: () => this.#places.giveBack(),
      onClaim: (claim) => this.#runner.expect(claim),
      onChange: (run, changes) => this.#onChange(run, changes),
      onDoubt: () => this.#functions.doubt(),
    })
    this.#subWorkflows = new SubWorkflows({ database, writer: this.#writer, plans })
    this.#runner = new StepRunner({
      executors,
      subWorkflows: this.#subWorkflows,
      writer: this.#writer,
      places: this.#places,
      clock,
      logger,
      executorId,
    })
    this.#stopWatch = new StopWatch({ database, logger, runner: this.#runner })
  }

  async launch({ exclusive = false }: LaunchOptions = {}): Promise<void> {
    await this.#lease.begin()
    await this.#functions.launch()
    this.#places.open()
    await this.#lease.takeOver(exclusive)
    this.#stopWatch.begin()
  }

  shutdown({ graceMs = 5000 }: ShutdownOptions = {}): Promise<void> {
    this.#ending ??= this.#shutDown(graceMs)
    return this.#ending
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#places.close()
    this.#runner.close()
    this.#functions.stopTaking()
    this.#stopWatch.end()
    await this.#untilIdle(graceMs)
    this.#runner.abortAll()
    await this.#untilIdle(2000)
    await this.#writer.close()
    await this.#functions.shutdown()
    try {
      await this.#lease.end()
    } catch (error) {
      // Without a database nothing can be handed over; other processes find out by the missing sign of life.
      this.#logger.log('warn', { error: firstLine(error) }, 'the lease could not be given up')
    }
  }

  async #untilIdle(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs
    while (!this.#runner.isIdle && Date.now() < deadline) await delay(10)
  }

  async #perform(ticket: Ticket): Promise<void> {
    switch (ticket.kind) {
      case 'execute':
        return this.#runner.perform(ticket)
      case 'settle-parent':
        return this.#subWorkflows.settle(ticket)
      case 'cancel-child':
        return this.#subWorkflows.cancel(ticket)
    }
  }

  #onChange(run: LiveRun, changes: RunChanges): void {
    const { tenantId, runId, phase } = run.header
    this.#watchers.notify(run, changes)
    if (phase === 'stopping') this.#runner.stopRun(tenantId, runId)
  }

  saveDefinition(
    scope: TenantScope,
    definition: unknown,
    state: DefinitionState = 'approved',
  ): Promise<SavedDefinition> {
    const plan = readDefinition(definition)
    return this.#save(scope, plan, state)
  }

  #save(scope: TenantScope, plan: Plan, state: DefinitionState): Promise<SavedDefinition> {
    this.#plans.add(plan)
    return this.#database.transaction(scope, (_tx, client) =>
      saveDefinition(client, scope, plan, state, this.#clock.now()),
    )
  }

  setDefinitionState(scope: TenantScope, digest: Digest, state: DefinitionState): Promise<void> {
    return this.#database.transaction(scope, (_tx, client) =>
      setDefinitionState(client, scope.tenantId, digest, state),
    )
  }

  async startRun(scope: TenantScope, start: StartRun): Promise<RunRecord> {
    const { tenantId, principalId } = scope
    const { definition, inputs, projectId = defaultProject, labels = {} } = start
    const runId = start.runId ?? (createId('run', this.#clock.now()) as RunId)
    if (!runIdPattern.test(runId)) throw engineErrors.BAD_RUN_ID({ detail: JSON.stringify(runId) })
    const plan = await this.#planToStart(scope, definition)
    const seed = { tenantId, principalId, projectId, runId, plan, inputs, labels, parent: null, depth: 0 }
    const create = createRun(seed)
    const { inputsDigest } = create().header
    const isSame = (header: RunHeader): boolean =>
      header.definitionDigest === plan.digest &&
      header.inputsDigest === inputsDigest &&
      header.projectId === projectId
    const apply = (run: LiveRun): void => {
      if (run.header.lastSequence === 0) begin(run)
      else if (!isSame(run.header)) throw engineErrors.RUN_ID_TAKEN({ detail: runId })
    }
    await this.#writer.submit({ tenantId, runId, create, apply })
    return this.getRun(scope, runId)
  }

  async #planToStart(scope: TenantScope, definition: StartRun['definition']): Promise<Plan> {
    if ('digest' in definition)
      return this.#database.transaction(scope, (_tx, client) =>
        approvedPlan(client, scope.tenantId, definition.digest, this.#plans),
      )
    const plan = readDefinition(definition.source)
    const { state } = await this.#save(scope, plan, 'approved')
    if (state !== 'approved') throw engineErrors.NOT_APPROVED({ detail: `${plan.digest} is ${state}` })
    return plan
  }

  getRun(scope: TenantScope, runId: string): Promise<RunRecord> {
    return this.#database.transaction(scope, async (tx, client) => {
      const header = await readHeader(tx, scope.tenantId, runId)
      const [record] = await recordsOf(client, scope.tenantId, [header])
      if (record === undefined) throw engineErrors.UNKNOWN_RUN({ detail: runId })
      return record
    })
  }

  listRuns(scope: TenantScope, list: ListRuns = {}): Promise<Page<RunRecord>> {
    return this.#database.transaction(scope, (tx, client) => listRuns(tx, client, scope.tenantId, list))
  }

  async listSteps(scope: TenantScope, runId: string): Promise<readonly StepRecord[]> {
    const steps = (await this.listStepsOf(scope, [runId])).get(runId)
    if (steps === undefined) throw engineErrors.UNKNOWN_RUN({ detail: runId })
    return steps
  }

  listStepsOf(
    scope: TenantScope,
    runIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly StepRecord[]>> {
    return this.#database.transaction(scope, (tx, client) =>
      listSteps(tx, client, scope.tenantId, runIds, this.#plans),
    )
  }

  cancelRun(scope: TenantScope, runId: string, reason: string): Promise<void> {
    return this.#change(scope, runId, (run) => cancel(run, reason, scope.principalId))
  }

  retryRun(scope: TenantScope, runId: string): Promise<void> {
    return this.#change(scope, runId, resume, true)
  }

  complete(
    scope: TenantScope,
    runId: string,
    stepId: string,
    output: JsonValue,
    itemIndex: number = wholeStep,
  ): Promise<void> {
    const answer = prepareOutput(output)
    return this.#change(scope, runId, (run) => complete(run, stepId, itemIndex, answer))
  }

  wake(scope: TenantScope, runId: string, stepId: string, itemIndex: number = wholeStep): Promise<void> {
    return this.#change(scope, runId, (run) => wake(run, stepId, itemIndex))
  }

  async revisePlan(
    scope: TenantScope,
    runId: string,
    remainingSteps: readonly unknown[],
    reason: string,
  ): Promise<number> {
    return this.#change(
      scope,
      runId,
      (run) => {
        const begun = begunSteps(run)
        const { definition } = run.plan
        const kept = definition.steps.filter(({ id }) => begun.has(id))
        const plan = readDefinition({ ...definition, steps: [...kept, ...remainingSteps] })
        revise(run, plan, reason, scope.principalId)
        this.#plans.add(plan)
        return run.header.planVersion
      },
      true,
    )
  }

  #change<T>(scope: TenantScope, runId: string, apply: (run: LiveRun) => T, everything = false): Promise<T> {
    return this.#writer.submit({ tenantId: scope.tenantId, runId: runId as RunId, apply, everything })
  }

  watch(scope: TenantScope, runId: string, options: WatchOptions = {}): AsyncIterable<RunEvent> {
    return this.#watchers.watch(scope, runId, options)
  }

  appendEvent(
    scope: TenantScope,
    runId: string,
    {
      stepId,
      kind,
      data,
    }: { readonly stepId?: string; readonly kind: 'log' | 'progress'; readonly data: JsonObject },
  ): Promise<void> {
    return this.#change(scope, runId, (run) => {
      if (stepId !== undefined && !run.plan.steps.has(stepId))
        throw engineErrors.UNKNOWN_STEP({ detail: stepId })
      run.event(kind, stepId === undefined ? undefined : stepNode(stepId), data)
    })
  }
}
