import type { Span } from '@opentelemetry/api'
import { z } from 'zod'
import type { Tool } from '../../contracts/index.ts'
import type { AtelierError, Digest, TenantId } from '../../kernel/index.ts'
import { canonicalJson, digestOf } from '../../kernel/index.ts'
import { getBlob } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import { traceAct } from '../telemetry/index.ts'
import type { ActIdentity, Admitted, AskedAct, EndedAct } from './act-stages.ts'
import { keepContent } from './act-writing.ts'
import { admitMany } from './admission.ts'
import type { Admission } from './admission.ts'
import { createBatching } from './batching.ts'
import type { Batched } from './batching.ts'
import { alwaysClosed, CircuitBreaker, defaultCircuitBreaker } from './circuit-breaker.ts'
import type { CircuitBreakerOptions, CircuitCall } from './circuit-breaker.ts'
import { completeMany, endOf } from './completion.ts'
import type { Completion } from './completion.ts'
import { doorErrors } from './errors.ts'
import { isExternal } from './judgement.ts'
import type { ParsedInput } from './judgement.ts'
import { defaultGraceMs, perform } from './performance.ts'
import type { ActRequest } from './request.ts'
import type { DoorServices } from './services.ts'
import type { Entered, Standings } from './standings.ts'

/** The one way to do anything: see docs/architecture.md, "The door". */
export interface Door {
  /**
   * Uses a tool: authenticate, authorise, obligations, reserve, perform, check, settle, audit. An act that succeeded
   * before is not performed again: its recorded output is answered. One that a crash cut off is performed again if it
   * only read or changed a workspace; an external effect is looked for first.
   *
   * The output is what was recorded: JSON, with secrets replaced by `[redacted:…]`.
   *
   * @throws errors of the areas DOOR, POLICY, IDENTITY, MANDATE and BUDGET when refused; the tool's own when it failed;
   * ATL_STORE_UNAVAILABLE (retryable) when the database is away.
   */
  act<I, O>(tool: Tool<I, O>, input: unknown, request: ActRequest): Promise<O>
  /** Gives back what standing admissions hold, and resolves when every act that has ended is recorded. */
  settled(): Promise<void>
}

export interface DoorOptions extends DoorServices {
  readonly standings: Standings
  readonly circuitBreaker?: CircuitBreakerOptions
  /** How long a tool that was told to stop may take to end by itself; 5 s when absent. */
  readonly graceMs?: number
}

/** Acts that share a transaction at most, and characters of their inputs and outputs. */
const batchLimits = { size: 100, weight: 8 * 1024 * 1024 }

export function createDoor(options: DoorOptions): Door {
  const { standings } = options
  const makeRoom = (tenantId: TenantId): Promise<boolean> => standings.giveBack(tenantId)
  const inside: Inside = {
    ...options,
    graceMs: options.graceMs ?? defaultGraceMs,
    breaker: new CircuitBreaker(options.clock, options.circuitBreaker ?? defaultCircuitBreaker),
    admit: createBatching((acts: readonly AskedAct[]) => admitMany(options, makeRoom, acts), {
      ...batchLimits,
      weigh: ({ kept }) => kept.text.length,
      keyOf: ({ identity }) => identity.request.key,
    }),
    complete: createBatching((acts: readonly EndedAct[]) => completeMany(options, acts), {
      ...batchLimits,
      weigh: ({ output }) => output?.text.length ?? 0,
      keyOf: ({ identity }) => identity.request.key,
    }),
  }
  const underWay = new Map<string, UnderWay>()
  return {
    settled: () => standings.settled(),
    act: async (tool, input, request) => {
      if (request.unrepeatable === true) {
        // What is refused for its input is recorded by itself.
        const parsed = parseInput(tool, input)
        const entered = parsed.ok ? standings.enter(tool, request) : undefined
        if (parsed.ok && entered !== undefined)
          return performUnderStanding(inside, entered, tool, parsed.value, input, request)
      }
      const { tenantId, runId, principal, key } = request
      const inputDigest = digestOfInput(input)
      const identity = JSON.stringify([tenantId, runId, principal.id, tool.name, key, inputDigest])
      // The same act, asked for twice in one process, is done once; both get its result. One that was told to stop is
      // only waited for: whoever asks now wants it done.
      for (let running = underWay.get(identity); running !== undefined; running = underWay.get(identity)) {
        if (!running.signal.aborted) return running.result as Promise<never>
        await running.result.catch(() => undefined)
      }
      const result = performAct(inside, tool, input, inputDigest, request).finally(() =>
        underWay.delete(identity),
      )
      underWay.set(identity, { result, signal: request.signal })
      return result
    },
  }
}

interface UnderWay {
  readonly result: Promise<unknown>
  readonly signal: AbortSignal
}

/** What an act meets on its way through the door. */
interface Inside extends DoorServices {
  readonly graceMs: number
  readonly breaker: CircuitBreaker
  readonly admit: Batched<AskedAct, Admission>
  readonly complete: Batched<EndedAct, Completion>
}

async function performAct<I, O>(
  inside: Inside,
  tool: Tool<I, O>,
  rawInput: unknown,
  inputDigest: Digest,
  request: ActRequest,
): Promise<O> {
  return traceOf(tool, request, async (traceId, span) => {
    const identity: ActIdentity = { request, tool: tool.name, effect: tool.effect, inputDigest, traceId }
    const input = parseInput(tool, rawInput)
    const kept = asJson(() => keepContent(input.ok ? input.value : null))
    const admission = await inside.admit(request.tenantId, { identity, tool, input, kept })
    if (admission.kind === 'refused') throw admission.error
    if (admission.kind === 'recorded') return (await readOutput(inside, request, admission.outputDigest)) as O
    if (!input.ok) throw input.error
    span.setAttribute('atelier.act.attempt', admission.attempt)
    const circuit = circuitOf(inside.breaker, tool, request)
    const performed = await perform(tool, input.value, request, admission, {
      circuit,
      graceMs: inside.graceMs,
    })
    const completion = await inside.complete(request.tenantId, endOf(identity, admission, performed))
    if (isExternal(tool)) await signCheckpoint(inside, request)
    if (completion.kind === 'failed') throw completion.error
    if (completion.kind === 'recorded')
      return (await readOutput(inside, request, completion.outputDigest)) as O
    return completion.output as O
  })
}

function traceOf<T>(
  { name, effect }: Pick<Tool, 'name' | 'effect'>,
  { tenantId, runId, stepId, principal }: ActRequest,
  work: (traceId: string, span: Span) => Promise<T>,
): Promise<T> {
  const attributes = { 'atelier.effect': effect, 'atelier.principal.id': principal.id }
  return traceAct({ tenantId, runId, stepId, tool: name, attributes }, work)
}

/** Like {@link performAct}, for an act that is admitted already and recorded after it was answered. */
async function performUnderStanding<I, O>(
  inside: Inside,
  entered: Entered,
  tool: Tool<I, O>,
  input: I,
  rawInput: unknown,
  request: ActRequest,
): Promise<O> {
  const { judgement, reserved } = entered
  return traceOf(tool, request, async (traceId, span) => {
    const startedAt = new Date(inside.clock.now())
    const { kept, inputDigest } = orWithdraw(entered, () => readInput(input, rawInput))
    const identity: ActIdentity = { request, tool: tool.name, effect: tool.effect, inputDigest, traceId }
    span.setAttribute('atelier.act.attempt', 1)
    const admitted: Admitted = {
      ...{ kind: 'admitted', attempt: 1, actor: judgement.actor, judgement },
      ...{ reserved, look: false, refusal: undefined },
    }
    const circuit = circuitOf(inside.breaker, tool, request)
    const performed = await perform(tool, input, request, admitted, { circuit, graceMs: inside.graceMs })
    const ended = endOf(identity, admitted, performed)
    entered.leave({ ...ended, input: kept, startedAt, endedAt: new Date(inside.clock.now()) })
    const { output, error } = ended
    if (error !== undefined) throw error
    const isAsRecorded = performed.outcome.kind === 'succeeded' && output?.redactions.length === 0
    return isAsRecorded ? performed.outcome.output : (JSON.parse(output?.text ?? 'null') as O)
  })
}

function orWithdraw<T>({ withdraw }: Entered, read: () => T): T {
  try {
    return read()
  } catch (error) {
    withdraw()
    throw error
  }
}

/** @throws ATL_DOOR_INPUT_INVALID */
function readInput(input: unknown, rawInput: unknown) {
  const kept = asJson(() => keepContent(input))
  const isTheSame = Object.is(input, rawInput) && kept.redactions.length === 0
  return { kept, inputDigest: isTheSame ? kept.digest : digestOfInput(rawInput) }
}

/**
 * Tools that work in a workspace fail by what is in it: one hostile repository must not lock out the others, so these
 * have a circuit for each run.
 */
function circuitOf(
  breaker: CircuitBreaker,
  tool: Pick<Tool, 'name' | 'effect' | 'circuit'>,
  request: ActRequest,
): CircuitCall {
  if (tool.circuit === 'own') return alwaysClosed
  const within = tool.effect === 'workspace' ? `run ${request.runId} of tenant` : 'tenant'
  return breaker.circuit(`${tool.name} in ${within} ${request.tenantId}`)
}

function digestOfInput(input: unknown): Digest {
  return asJson(() => digestOf(canonicalJson(input ?? null)))
}

function asJson<T>(write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw doorErrors.INPUT_INVALID({ detail: 'it cannot be written as JSON', cause })
  }
}

function parseInput<I>(tool: Tool<I>, input: unknown): ParsedInput<I> {
  const parsed = tool.input.safeParse(input)
  if (parsed.success) return { ok: true, value: parsed.data }
  const detail = `${tool.name}: ${z.prettifyError(parsed.error).slice(0, 2000)}`
  return { ok: false, error: doorErrors.INPUT_INVALID({ detail, details: { tool: tool.name } }) }
}

/** The output that an earlier attempt left. */
async function readOutput({ database }: DoorServices, request: ActRequest, digest: Digest): Promise<unknown> {
  const scope = tenantScope(request.tenantId, request.principal.id)
  const blob = await database.transaction(scope, (tx) => getBlob(tx, request.tenantId, digest))
  if (blob === undefined) throw new Error(`the output ${digest} of act ${request.key} is gone`)
  return JSON.parse(Buffer.from(blob.content).toString())
}

/** Keeps proof of the chain outside of the database. The effect is done and recorded, so a full disk must not undo it. */
async function signCheckpoint({ audit }: DoorServices, request: ActRequest): Promise<void> {
  try {
    await audit.checkpoint(tenantScope(request.tenantId, request.principal.id))
  } catch (error) {
    const { code, message } = error as AtelierError
    request.logger.log(
      'warn',
      { code, error: message },
      'the audit chain could not be signed after an effect',
    )
  }
}
