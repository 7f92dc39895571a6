import type { Cost, Tool, ToolContext } from '../../contracts/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { Logger } from '../../kernel/index.ts'
import type { Admitted } from './act-stages.ts'
import type { CircuitCall } from './circuit-breaker.ts'
import { doorErrors } from './errors.ts'
import { redactFields, redactText } from './redaction.ts'
import type { ActRequest } from './request.ts'

type Outcome<O> =
  | { readonly kind: 'succeeded'; readonly output: O; readonly recovered: boolean }
  | {
      readonly kind: 'failed'
      readonly error: AtelierError
      /** What the failure tells: about the tool's health, about its input only, or nothing. */
      readonly fault: 'tool' | 'input' | 'none'
      /** The tool did not say that it may fail like this. */
      readonly undeclared: boolean
    }

export interface Performance<O> {
  readonly outcome: Outcome<O>
  readonly used: Cost
}

/** Default of `graceMs`. */
export const defaultGraceMs = 5_000

export interface PerformanceOptions {
  readonly circuit: CircuitCall
  /** How long a tool that was told to stop may take to end by itself. */
  readonly graceMs: number
}

/** Looks where it has to, performs where it may, and checks what comes out. Never throws. */
export async function perform<I, O>(
  tool: Tool<I, O>,
  input: I,
  request: ActRequest,
  admitted: Admitted,
  { circuit, graceMs }: PerformanceOptions,
): Promise<Performance<O>> {
  const meter = createMeter()
  const limits = limitTime(request, admitted.reserved)
  const context: ToolContext = {
    tenantId: request.tenantId,
    runId: request.runId,
    stepId: request.stepId,
    attempt: request.attempt,
    principal: admitted.actor,
    idempotencyKey: request.key,
    signal: limits.signal,
    logger: redactingLogger(request.logger),
    report: (message) => request.report(redactText(message)),
    recordCost: meter.record,
  }
  const started = performance.now()
  const progress = { performed: false }
  const work = async (): Promise<Outcome<O>> => {
    if (admitted.look) {
      const found = await tool.recover?.(input, context)
      if (found !== undefined) return checked(tool, input, found, true)
    }
    if (admitted.refusal !== undefined) return failed(admitted.refusal, 'none', false)
    circuit.enter()
    progress.performed = true
    return checked(tool, input, await tool.perform(input, context), false)
  }
  const outcome = await orGiveUp(work(), limits, graceMs).catch((error: unknown) =>
    explainFailure(tool, limits, error),
  )
  limits.release()
  if (progress.performed) tellHealth(circuit, outcome)
  const seconds = Math.round((performance.now() - started) / 1000)
  const spent = progress.performed ? (meter.recorded() ?? admitted.reserved) : meter.recorded()
  return {
    outcome,
    used: {
      money: spent?.money ?? 0,
      tokens: spent?.tokens ?? 0,
      toolCalls: progress.performed ? 1 : 0,
      seconds,
    },
  }
}

function tellHealth(circuit: CircuitCall, outcome: Outcome<unknown>): void {
  if (outcome.kind === 'succeeded' || outcome.fault === 'input') circuit.succeeded()
  else if (outcome.fault === 'tool') circuit.failed()
  else circuit.ended()
}

interface TimeLimits {
  readonly signal: AbortSignal
  /** Why the signal was aborted, if it was. */
  reason(): 'deadline' | 'cancelled' | undefined
  release(): void
}

/** The act's own deadline, and never more seconds than were reserved. */
function limitTime(request: ActRequest, reserved: Cost | undefined): TimeLimits {
  const reservedMs = reserved === undefined || reserved.seconds === 0 ? Infinity : reserved.seconds * 1000
  const controller = new AbortController()
  let reason: 'deadline' | 'cancelled' | undefined
  const stop = (why: 'deadline' | 'cancelled'): void => {
    reason ??= why
    controller.abort(why === 'deadline' ? doorErrors.DEADLINE() : doorErrors.CANCELLED())
  }
  const cancel = (): void => stop('cancelled')
  const timer = setTimeout(stop, Math.min(request.deadlineMs, reservedMs, 2 ** 31 - 1), 'deadline')
  if (request.signal.aborted) cancel()
  request.signal.addEventListener('abort', cancel, { once: true })
  return {
    signal: controller.signal,
    reason: () => reason,
    release: () => {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', cancel)
    },
  }
}

/** Waits for the work; once it was told to stop, only for a while. */
async function orGiveUp<T>(work: Promise<T>, { signal }: TimeLimits, graceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const givenUp = new Promise<never>((_resolve, reject) => {
    const wait = (): void => {
      timer = setTimeout(() => reject(signal.reason as AtelierError), graceMs)
    }
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, { once: true })
  })
  try {
    return await Promise.race([work, givenUp])
  } finally {
    clearTimeout(timer)
  }
}

function checked<I, O>(tool: Tool<I, O>, input: I, output: O, recovered: boolean): Outcome<O> {
  const parsed = tool.output.safeParse(output)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue === undefined ? '' : ` at ${issue.path.join('.')}: ${issue.message}`
    return failed(doorErrors.OUTPUT_INVALID({ detail: `${tool.name}${place}` }), 'tool', true)
  }
  const problem = tool.postcondition?.(input, parsed.data)
  if (problem !== undefined) {
    return failed(doorErrors.POSTCONDITION_FAILED({ detail: `${tool.name}: ${problem}` }), 'tool', true)
  }
  return { kind: 'succeeded', output: parsed.data, recovered }
}

function failed(error: AtelierError, fault: 'tool' | 'input' | 'none', undeclared: boolean): Outcome<never> {
  return { kind: 'failed', error, fault, undeclared }
}

function explainFailure(
  tool: Pick<Tool, 'name' | 'failureModes'>,
  limits: TimeLimits,
  error: unknown,
): Outcome<never> {
  // The circuit's own refusal says nothing new about the tool.
  if (error instanceof AtelierError && error.code === doorErrors.CIRCUIT_OPEN.code) {
    return failed(error, 'none', false)
  }
  const reason = limits.reason()
  if (reason === 'deadline') {
    return failed(doorErrors.DEADLINE({ detail: tool.name, cause: error }), 'tool', false)
  }
  if (reason === 'cancelled') {
    return failed(doorErrors.CANCELLED({ detail: tool.name, cause: error }), 'none', false)
  }
  if (!(error instanceof AtelierError)) {
    const message = error instanceof Error ? error.message : String(error)
    return failed(
      doorErrors.TOOL_DEFECT({ detail: `${tool.name}: ${redactText(message)}`, cause: error }),
      'tool',
      true,
    )
  }
  const declared = tool.failureModes.includes(error.code)
  return failed(error, declared && !error.retryable ? 'input' : 'tool', !declared)
}

function createMeter() {
  let recorded: Pick<Cost, 'money' | 'tokens'> | undefined
  return {
    record: (used: Partial<Pick<Cost, 'money' | 'tokens'>>): void => {
      const { money = 0, tokens = 0 } = recorded ?? {}
      recorded = { money: money + (used.money ?? 0), tokens: tokens + (used.tokens ?? 0) }
    },
    recorded: () => recorded,
  }
}

/** Secrets that a tool comes across do not reach any log. */
function redactingLogger(logger: Logger): Logger {
  return {
    log: (level, fields, message) => logger.log(level, redactFields(fields), redactText(message)),
    child: (fields) => redactingLogger(logger.child(redactFields(fields))),
  }
}
