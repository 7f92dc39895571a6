import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Logger, RunId, TenantId } from '../kernel/index.ts'
import { AtelierError } from '../kernel/index.ts'
import { AttemptStopped, failureOf, settleAttempt } from './attempt.ts'
import type { Ticket } from './durable-functions.ts'
import { engineErrors } from './errors.ts'
import { claim, firstLine, settle } from './leaves.ts'
import type { Settlement } from './leaves.ts'
import type { LiveRun } from './live-run.ts'
import type { Places } from './places.ts'
import type { PlannedStep } from './plan.ts'
import type { EngineOptions, JsonValue, StepExecutor, StepInvocation, StepOutcome } from './ports.ts'
import { idempotencyKey, stepNode, wholeStep } from './run-state.ts'
import type { NodeState } from './run-state.ts'
import { asObject } from './run-store.ts'
import type { LocalClaim, RunWriter } from './run-writer.ts'
import { drawConsequences } from './scheduler.ts'
import type { SubWorkflows } from './sub-workflows.ts'

export interface StepRunnerOptions {
  readonly executors: EngineOptions['executors']
  readonly subWorkflows: SubWorkflows
  readonly writer: RunWriter
  readonly places: Places
  readonly clock: Clock
  readonly logger: Logger
  readonly executorId: string
}

interface Attempt {
  readonly run: LiveRun
  readonly node: NodeState
  readonly token: string
  /** The ticket to remove with the result; undefined where DBOS performs it and keeps its own record. */
  readonly ticketId?: string
}

interface Running {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly role: NodeState['role']
  readonly controller: AbortController
}

/** Events that one attempt may have on their way to the database; a step that floods its log loses the rest. */
const mostEventsUnderWay = 1000
/** Milliseconds before a result that the database refused (no space) is offered again. */
const pauseAfterRefusalMs = 2000

/** Performs the attempts that were given to this process, each exactly as far as its token allows. */
export class StepRunner {
  readonly #options: StepRunnerOptions
  readonly #claims = new Map<string, Attempt>()
  readonly #running = new Map<string, Running>()
  #stopping = false

  constructor(options: StepRunnerOptions) {
    this.#options = options
  }

  /** Takes note of an attempt whose ticket will be started next. */
  expect({ ticket, run, node }: LocalClaim): void {
    if (node.token !== null)
      this.#claims.set(ticket.id, { run, node, token: node.token, ticketId: ticket.id })
  }

  /** Performs the attempt that a ticket stands for, and ends when its result is durable. */
  async perform(ticket: Ticket): Promise<void> {
    const expected = this.#claims.get(ticket.id)
    this.#claims.delete(ticket.id)
    if (expected === undefined) {
      // What is left when the process shuts down stays with its ticket, which is handed over.
      if (this.#stopping) await forever()
      this.#options.places.takeAnyway()
    }
    let placed = true
    const leavePlace = (): void => {
      if (placed) this.#options.places.giveBack()
      placed = false
    }
    try {
      const attempt = expected ?? (await this.#takeUp(ticket))
      if (attempt === undefined) await this.#options.subWorkflows.settle(ticket)
      else await this.#run(attempt, ticket, leavePlace)
    } finally {
      leavePlace()
    }
  }

  /** Runs that steps are being performed for in this process. */
  runs(): readonly { readonly tenantId: TenantId; readonly runId: RunId }[] {
    return [...this.#running.values()]
  }

  get isIdle(): boolean {
    return this.#running.size === 0
  }

  /** Aborts what is being performed for a run that is being stopped. */
  stopRun(tenantId: string, runId: string): void {
    for (const running of this.#running.values())
      if (running.tenantId === tenantId && running.runId === runId && running.role === 'forward')
        running.controller.abort(new AttemptStopped('cancelled'))
  }

  /** Takes up nothing more. */
  close(): void {
    this.#stopping = true
  }

  abortAll(): void {
    for (const { controller } of this.#running.values()) controller.abort(new AttemptStopped('shut-down'))
  }

  async #takeUp(ticket: Ticket): Promise<Attempt | undefined> {
    const { writer, executorId } = this.#options
    const token = randomUUID()
    const apply = (run: LiveRun): Attempt | undefined => {
      const node = run.find(stepNode(ticket.stepId, ticket.itemIndex, ticket.role))
      if (node === undefined) return undefined
      // The transaction was committed before, and only the answer got lost.
      if (node.token === token) return { run, node, token }
      const taken = claim(run, node, ticket.attempt, executorId, token)
      drawConsequences(run)
      return taken === undefined ? undefined : { run, node: taken, token }
    }
    try {
      return await writer.submit({ ...idsOf(ticket), persistent: true, apply })
    } catch (error) {
      if (error instanceof AtelierError && error.code === engineErrors.UNKNOWN_RUN.code) return undefined
      throw error
    }
  }

  async #run(attempt: Attempt, ticket: Ticket, leavePlace: () => void): Promise<void> {
    const { run, node, token } = attempt
    const { tenantId, runId } = run.header
    const controller = new AbortController()
    this.#running.set(token, { tenantId, runId, role: node.role, controller })
    try {
      if (this.#stopping) controller.abort(new AttemptStopped('shut-down'))
      const settlement = await this.#settlement(attempt, controller)
      if (settlement === undefined) {
        this.#running.delete(token)
        leavePlace()
        await forever()
        return
      }
      // The place is free for what follows from this step, which is decided in the transaction that records its end.
      leavePlace()
      await this.#record(attempt, settlement)
      if (settlement.kind === 'delegated') await this.#options.subWorkflows.settle(ticket)
    } finally {
      this.#running.delete(token)
    }
  }

  async #settlement({ run, node }: Attempt, controller: AbortController): Promise<Settlement | undefined> {
    const step = run.planned(node.stepId)
    let invocation
    try {
      invocation = this.#invocation(run, node, step, controller)
    } catch (error) {
      return failureOf(engineErrors.EXPRESSION_FAILED({ detail: `\`with\`: ${firstLine(error)}` }))
    }
    const { kind } = step.definition
    if (kind === 'workflow') return this.#options.subWorkflows.start(run, node, invocation)
    const executor = this.#options.executors[kind]
    if (executor === undefined) return failureOf(engineErrors.NO_EXECUTOR({ detail: kind }))
    // Nobody can tell how long a person takes; the executor of an approval only asks.
    return settleAttempt(() => execute(executor, invocation), controller, step.timeoutMs)
  }

  #invocation(run: LiveRun, node: NodeState, step: PlannedStep, controller: AbortController): StepInvocation {
    const { header } = run
    const isUndo = node.role === 'compensation'
    const scope = run.scope(step.reads)
    const itemIndex = node.itemIndex === wholeStep ? undefined : node.itemIndex
    const item = itemIndex === undefined ? undefined : (run.items(step)[itemIndex] ?? null)
    const template = isUndo ? step.compensation?.arguments : step.arguments
    const evaluated: JsonValue =
      template?.(item === undefined ? scope : { ...scope, item, index: itemIndex ?? 0 }) ?? {}
    const done = isUndo ? run.find(stepNode(node.stepId, node.itemIndex)) : undefined
    return {
      tenantId: header.tenantId,
      principalId: header.principalId,
      runId: header.runId,
      stepId: node.stepId,
      itemIndex,
      attempt: node.attempt,
      role: node.role,
      step: step.definition,
      uses: isUndo ? (step.compensation?.uses ?? '') : step.definition.uses,
      with: asObject(evaluated),
      output: done === undefined ? undefined : run.value(done.outputDigest),
      idempotencyKey: idempotencyKey(header, node),
      signal: controller.signal,
      deadline: this.#options.clock.now() + step.timeoutMs,
      emit: this.#emitter(header, node),
    }
  }

  #emitter(
    { tenantId, runId }: { readonly tenantId: TenantId; readonly runId: RunId },
    node: NodeState,
  ): StepInvocation['emit'] {
    let underWay = 0
    return ({ kind, data }) => {
      if (underWay >= mostEventsUnderWay) return
      underWay += 1
      const apply = (run: LiveRun): void => {
        run.event(kind, node, data)
      }
      this.#options.writer
        .submit({ tenantId, runId, persistent: true, weight: 1024, apply })
        .catch(() => undefined)
        .finally(() => (underWay -= 1))
    }
  }

  /** Records the result if the token is still the one of the last take; a process that was given up for dead cannot. */
  async #record({ run, node, token, ticketId }: Attempt, settlement: Settlement): Promise<void> {
    const { tenantId, runId } = run.header
    const weight = settlement.kind === 'succeeded' ? settlement.content.length : 0
    const apply = (live: LiveRun): boolean => {
      const current = live.find(node)
      if (current?.token !== token) return false
      if (ticketId !== undefined) live.changes.finishedTickets.push(ticketId)
      settle(live, current, settlement)
      drawConsequences(live)
      return true
    }
    for (;;) {
      try {
        await this.#options.writer.submit({ tenantId, runId, persistent: true, weight, apply })
        return
      } catch (error) {
        if (this.#stopping) await forever()
        const fields = { runId, stepId: node.stepId, error: firstLine(error) }
        this.#options.logger.log('error', fields, 'the result of a step could not be stored')
        await delay(pauseAfterRefusalMs)
      }
    }
  }
}

function idsOf(ticket: Ticket): { readonly tenantId: TenantId; readonly runId: RunId } {
  return { tenantId: ticket.tenantId as TenantId, runId: ticket.runId as RunId }
}

/** An executor that throws before it answers a promise has failed like any other. */
async function execute(executor: StepExecutor, invocation: StepInvocation): Promise<StepOutcome> {
  return executor.execute(invocation)
}

/** A durable function that does not end keeps its ticket, which the shutdown then hands over to another process. */
function forever(): Promise<void> {
  return new Promise(() => undefined)
}
