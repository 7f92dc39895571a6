import type { ModelRequest, ModelUsage, ToolContext } from '../../../contracts/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import type { CircuitBreaker } from '../../../governance/door/index.ts'
import { traceModelCall } from '../../../governance/telemetry/index.ts'
import { costOf } from '../metering/cost.ts'
import { usageOf } from '../metering/usage.ts'
import { following, watchAttempt } from '../resilience/deadlines.ts'
import { delayBeforeRetry } from '../resilience/retry.ts'
import { sleep } from '../resilience/time.ts'
import type { Time } from '../resilience/time.ts'
import type { Turnstiles } from '../resilience/turnstiles.ts'
import type { Answer } from '../upstreams/answer.ts'
import type { Connection, Connections } from '../upstreams/connections.ts'
import { failureOf, UpstreamFailure } from '../upstreams/failure.ts'
import type { FailureClass } from '../upstreams/failure.ts'
import type { CallPlan, Target } from './plan.ts'
import type { Transport } from './transport.ts'

export interface CallServices {
  readonly connections: Connections
  readonly breaker: CircuitBreaker
  readonly turnstiles: Turnstiles
  readonly time: Time
  /** From 0 up to 1. */
  readonly random: () => number
}

/** A call that came to an answer. */
export interface FinishedCall {
  readonly answer: Answer
  readonly target: Target
  readonly endpoint: string
  readonly usage: ModelUsage
  /** Of this answer; null where the price is unknown. */
  readonly cost: number | null
  readonly failedBefore: readonly { readonly upstream: string; readonly code: string }[]
}

/** Failures that say that an upstream is not well. */
const unwell: ReadonlySet<FailureClass> = new Set([
  'overloaded',
  'server-error',
  'timeout',
  'unreachable',
  'cut-off',
  'invalid-answer',
])

/**
 * Asks one target after the other until one answers, and records what each attempt has used. Nobody else is asked once
 * something of an answer was passed on, since the caller could not tell two answers apart; nor after more attempts that
 * have to be paid for than are reserved for.
 * @throws errors of MODEL; the reason of the context's signal when it is aborted.
 */
export async function runCall(
  plan: CallPlan,
  request: ModelRequest,
  transport: Transport,
  services: CallServices,
  context: Pick<ToolContext, 'tenantId' | 'signal' | 'recordCost'>,
): Promise<FinishedCall> {
  const { time } = services
  const { totalMs } = plan.route.deadlines
  const endsAt = time.now() + totalMs
  const total = following(context.signal)
  const cancelTotal = time.after(totalMs, () =>
    total.abort(new UpstreamFailure('timeout', `no answer within ${totalMs / 1000} s (deadline total)`)),
  )
  const call = new Call(plan, request, transport, services, { ...context, signal: total.signal, endsAt })
  try {
    return await call.run()
  } catch (error) {
    if (error instanceof UpstreamFailure) throw error.toError(call.lastUpstream)
    throw error
  } finally {
    cancelTotal()
    total.release()
  }
}

interface CallContext extends Pick<ToolContext, 'tenantId' | 'recordCost' | 'signal'> {
  readonly endsAt: number
}

class Call {
  readonly #plan: CallPlan
  readonly #request: ModelRequest
  readonly #transport: Transport
  readonly #services: CallServices
  readonly #context: CallContext
  readonly #failed: { upstream: string; code: string }[] = []
  #paidFailures = 0
  lastUpstream = ''

  constructor(
    plan: CallPlan,
    request: ModelRequest,
    transport: Transport,
    services: CallServices,
    context: CallContext,
  ) {
    this.#plan = plan
    this.#request = request
    this.#transport = transport
    this.#services = services
    this.#context = context
  }

  async run(): Promise<FinishedCall> {
    // Whatever happens is told, so that nothing is presumed spent that was not used.
    this.#context.recordCost?.({ money: 0, tokens: 0 })
    let last: { readonly failure: UpstreamFailure; readonly target: Target } | undefined
    for (const target of this.#plan.chain) {
      if (last !== undefined && !followsOn(target, last)) continue
      const outcome = await this.#try(target)
      if (!(outcome instanceof UpstreamFailure)) return outcome
      last = { failure: outcome, target }
    }
    throw last?.failure ?? new Error('a plan has a target at least')
  }

  /** Attempts at one target, until it answers or is given up. */
  async #try(target: Target): Promise<FinishedCall | UpstreamFailure> {
    const { time, random } = this.#services
    for (let failures = 1; ; failures += 1) {
      const outcome = await this.#attempt(target)
      if (!(outcome instanceof UpstreamFailure)) return outcome
      this.#failed.push({ upstream: target.model.upstream.id, code: outcome.code })
      if (this.#transport.delivered() || this.#paidFailures > this.#plan.route.cutOffRetries) throw outcome
      const delay = delayBeforeRetry(this.#plan.route.retry, outcome, failures, random)
      if (delay === undefined || time.now() + delay >= this.#context.endsAt) return outcome
      await sleep(time, delay, this.#context.signal)
    }
  }

  async #attempt(target: Target): Promise<FinishedCall | UpstreamFailure> {
    const { model } = target
    const { connections, breaker, turnstiles, time } = this.#services
    this.lastUpstream = model.upstream.id
    const { atLeast, atMost } = this.#plan.size
    if (atLeast > model.context)
      return new UpstreamFailure(
        'context-too-long',
        `the request has ${atLeast} tokens at least, ${model.id} takes ${model.context}`,
      )
    const circuit = breaker.circuit(`upstream ${model.upstream.id}`)
    try {
      circuit.enter()
    } catch (error) {
      return refusedByCircuit(error)
    }
    let leave: () => void
    try {
      const { tenantId, signal } = this.#context
      const tokens = atMost + target.maxOutput
      leave = await turnstiles.ofUpstream(model.upstream).enter({ group: tenantId, tokens, signal })
    } catch (error) {
      circuit.ended()
      if (error instanceof UpstreamFailure && error.failure === 'queue-full') return error
      throw error
    }
    try {
      const connection = await connections.connect(model.upstream)
      const finished = await this.#send(connection, target)
      circuit.succeeded()
      return finished
    } catch (error) {
      const failure = this.#context.signal.aborted ? undefined : failureOf(error, time.now())
      if (failure === undefined || failure.failure === 'rate-limited') circuit.ended()
      else if (unwell.has(failure.failure)) circuit.failed()
      else circuit.succeeded()
      await this.#payForWhatArrived(target)
      if (failure === undefined) throw this.#context.signal.reason
      return failure
    } finally {
      leave()
    }
  }

  async #send(connection: Connection, target: Target): Promise<FinishedCall> {
    const watch = watchAttempt(this.#plan.route.deadlines, this.#context.signal, this.#services.time)
    try {
      return await this.#traced(connection, target, async () => {
        const answer = await this.#transport.send(connection, target, watch)
        const { usage, cost } = await this.#pay(target, answer)
        return { answer, target, endpoint: connection.endpoint, usage, cost, failedBefore: this.#failed }
      })
    } catch (error) {
      // Why it was stopped says more than that it was.
      throw watch.signal.aborted ? watch.signal.reason : error
    } finally {
      watch.end()
    }
  }

  #traced(
    { definition, host }: Connection,
    { model, maxOutput }: Target,
    work: () => Promise<FinishedCall>,
  ): Promise<FinishedCall> {
    const { temperature, topP } = this.#request
    return traceModelCall(
      {
        operation: 'chat',
        provider: definition.id,
        model: model.name,
        serverAddress: host,
        maxTokens: maxOutput,
        temperature,
        topP,
      },
      work,
      ({ answer: { version, finish }, usage, cost }) => ({ version, finish, usage, cost }),
    )
  }

  /** What came of an answer that failed was made and has to be paid for. */
  async #payForWhatArrived(target: Target): Promise<void> {
    const arrived = this.#transport.arrived()
    if (arrived === undefined) return
    this.#paidFailures += 1
    await this.#pay(target, { ...arrived, usage: undefined })
  }

  async #pay(
    { model, worstOutput }: Target,
    answer: Answer,
  ): Promise<{ readonly usage: ModelUsage; readonly cost: number | null }> {
    const usage = await usageOf(this.#request, answer, { size: this.#plan.size, output: worstOutput })
    const cost = costOf(usage, model.price)
    this.#context.recordCost?.({ money: cost ?? 0, tokens: usage.input + usage.output })
    return { usage, cost }
  }
}

/** Whether a target is asked after this failure of another. */
function followsOn(
  { on, model }: Target,
  last: { readonly failure: UpstreamFailure; readonly target: Target },
): boolean {
  const { failure } = last.failure
  if (on?.has(failure) !== true) return false
  return failure !== 'context-too-long' || model.context > last.target.model.context
}

function refusedByCircuit(error: unknown): UpstreamFailure {
  if (!(error instanceof AtelierError)) throw error
  const { retryAfterMs } = error.details
  return new UpstreamFailure('circuit-open', 'it failed several times in a row', {
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    cause: error,
  })
}
