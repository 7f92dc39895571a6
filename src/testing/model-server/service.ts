import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { countUsage, tokensIn } from './answer.ts'
import type { Answer, ClaimedUsage } from './answer.ts'
import type { Conversation } from './conversation.ts'
import { breakOff, sendStream, sendWhole } from './delivery.ts'
import type { Delivered, Delivery, Disturbance } from './delivery.ts'
import { Denial } from './denial.ts'
import { embeddingsFor, googleEmbeddingFor, googleEmbeddingsFor } from './embeddings.ts'
import { keyOf, parseJson, readText, writeDenial, writeJson } from './exchange.ts'
import { drawFault, faultNamed } from './faults/index.ts'
import type { FaultName, FaultOptions, FaultProbabilities } from './faults/index.ts'
import { selectStep, writeAnswer } from './matching.ts'
import type { Match } from './matching.ts'
import { addressOf, plainAddress, protocolNear } from './protocols/addresses.ts'
import { anthropicMessages } from './protocols/anthropic-messages.ts'
import { ResponseMemory, openaiResponses } from './protocols/openai-responses.ts'
import type { AnswerHead, Protocol, SaidByAddress } from './protocols/protocol.ts'
import { RequestLog } from './request-log.ts'
import type { LogEntry } from './request-log.ts'
import type { Scenario, ScriptedUsage } from './scenario.ts'

export interface ServiceOptions {
  readonly scenarios: readonly Scenario[]
  readonly faults: FaultProbabilities
  readonly seed: number
  readonly pace: number
  readonly key: string | undefined
  readonly log: { readonly entries: number; readonly bytes: number }
}

const rememberedConversations = 10_000

/** A fault together with its particulars. */
interface ActiveFault extends FaultOptions {
  readonly name: FaultName
}

/** Answers requests, one at a time each, from scenarios and chance. Nothing else is kept between requests but counts. */
export class ModelService {
  readonly requests: RequestLog
  readonly #options: ServiceOptions
  readonly #memory = new ResponseMemory(1_000)
  readonly #attempts = new Map<string, number>()
  readonly #open = new Set<AbortController>()
  #stopped = false

  constructor(options: ServiceOptions) {
    this.#options = options
    this.requests = new RequestLog(options.log)
  }

  /** Breaks off whatever is on its way. */
  stop(): void {
    this.#stopped = true
    for (const exchange of this.#open) exchange.abort()
  }

  /** Never rejects: what goes wrong is answered, logged, or both. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    this.#open.add(gone)
    response.on('close', () => {
      this.#open.delete(gone)
      gone.abort()
    })
    const { method = 'GET' } = request
    const { pathname: path } = new URL(request.url ?? '/', 'http://localhost')
    const address = addressOf(path)
    const protocol = address?.protocol ?? protocolNear(path)
    let entry: LogEntry | undefined
    try {
      const text = await readText(request)
      if (method === 'GET' && path === '/_atelier/requests') {
        this.#showLog(response)
        return
      }
      const body = method === 'POST' ? parseJson(text) : undefined
      const key = keyOf(request)
      entry = this.requests.add({ method, path, key, body, bytes: text.length, receivedAt: Date.now() })
      await this.#answer({ entry, response, protocol, said: address?.said, signal: gone.signal })
    } catch (error) {
      if (gone.signal.aborted) {
        if (entry?.outcome === 'pending') entry.outcome = this.#stopped ? 'broken' : 'abandoned'
        response.destroy()
        return
      }
      const denial = error instanceof Denial ? error : Denial.defect(error)
      const { status, unmatched, message: detail } = denial
      if (entry) Object.assign(entry, { status, detail, outcome: unmatched ? 'unmatched' : 'refused' })
      writeDenial(response, protocol, denial)
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { entry, response, said } = exchange
    const { method, path, body, key } = entry
    if (this.#options.key !== undefined && key !== this.#options.key) throw Denial.badKey()
    if (method === 'POST' && said !== undefined) {
      await this.#converse(exchange, said)
      return
    }
    writeJson(response, 200, this.#lookUp(method, path, body))
    Object.assign(entry, { status: 200, outcome: 'answered' })
  }

  /** Whatever is no conversation. */
  #lookUp(method: string, path: string, body: unknown): unknown {
    const route = `${method} ${plainAddress(path)}`
    switch (route) {
      case 'GET /v1/models':
        return this.#models()
      case 'POST /v1/embeddings':
        return embeddingsFor(body)
      case 'POST /v1beta/models/*:embedContent':
        return googleEmbeddingFor(body)
      case 'POST /v1beta/models/*:batchEmbedContents':
        return googleEmbeddingsFor(body)
      case 'POST /v1/messages/count_tokens':
        return { input_tokens: inputTokensOf(anthropicMessages.read(body, {})) }
      default:
        throw Denial.notFound(route)
    }
  }

  async #converse({ entry, response, protocol, signal }: Exchange, said: SaidByAddress): Promise<void> {
    const body = protocol === openaiResponses ? this.#memory.complete(entry.body) : entry.body
    if (body === undefined) throw Denial.notFound('the previous response')
    const conversation = protocol.read(body, said)
    Object.assign(entry, { conversation, protocol: protocol.name })
    const selection = selectStep(this.#options.scenarios, conversation)
    if (selection.found === undefined) throw Denial.unmatched(selection.why)
    const match = selection.found
    const digest = digestOf(conversation)
    const faults = this.#faultsOf(match, digest)
    const { scenario, position: step } = match
    Object.assign(entry, { scenario: scenario.name, step, faults: faults.map(({ name }) => name) })
    const failure = failureAmong(faults)
    if (failure instanceof Denial) throw failure
    if (failure !== undefined) {
      entry.outcome = 'broken'
      await breakOff({ response, signal }, failure)
      return
    }
    const answer = answerOf(match, conversation, digest, faults)
    const created = Math.floor(entry.receivedAt / 1000)
    const head = { id: `${digest}${entry.number.toString(36)}`, model: conversation.model, created }
    if (protocol === openaiResponses) this.#remember(body, answer, head, conversation)
    const pace = match.step.pace ?? scenario.pace ?? this.#options.pace
    const delivery = { response, protocol, pace, disturbances: disturbancesOf(faults), signal }
    entry.status = 200
    entry.outcome = await send(delivery, answer, head, conversation)
  }

  #remember(body: unknown, answer: Answer, head: AnswerHead, conversation: Conversation): void {
    const { id, output } = openaiResponses.whole(answer, head, conversation) as {
      id: string
      output: unknown[]
    }
    this.#memory.remember(body, { id, output })
  }

  /** The faults of the step, and the one that chance adds. */
  #faultsOf({ scenario, step, position }: Match, conversation: string): readonly ActiveFault[] {
    const { faults: probabilities, seed } = this.#options
    const chances = Object.keys(probabilities).length > 0
    if (step.misbehave.length === 0 && !chances) return []
    const attempt = this.#countAttempt(`${scenario.name}/${position}/${conversation}`)
    const scripted = step.misbehave
      .filter(({ times }) => attempt <= times)
      .map(({ fault: name, ...options }) => ({ name, ...options }))
    const drawn = chances && drawFault(probabilities, { seed, conversation, attempt })
    return drawn ? [...scripted, { name: drawn }] : scripted
  }

  /** How often this very conversation has come, with this time. */
  #countAttempt(key: string): number {
    const attempt = (this.#attempts.get(key) ?? 0) + 1
    this.#attempts.delete(key)
    this.#attempts.set(key, attempt)
    const [oldest] = this.#attempts.keys()
    if (this.#attempts.size > rememberedConversations && oldest !== undefined) this.#attempts.delete(oldest)
    return attempt
  }

  #models(): unknown {
    const named = this.#options.scenarios.flatMap(({ name, models }) => [
      name,
      ...models.filter((model) => !model.includes('*')),
    ])
    const data = [...new Set(named)].map((id) => ({
      id,
      object: 'model',
      type: 'model',
      display_name: id,
      created: 0,
      created_at: '1970-01-01T00:00:00Z',
      owned_by: 'atelier',
    }))
    return { object: 'list', data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id }
  }

  /** The log for other processes; keys stay here. */
  #showLog(response: ServerResponse): void {
    const entries = this.requests.all().map((entry) => ({ ...entry, key: undefined }))
    writeJson(response, 200, { received: this.requests.received, requests: entries })
  }
}

interface Exchange {
  readonly entry: LogEntry
  readonly response: ServerResponse
  readonly protocol: Protocol
  /** Undefined for what is no conversation. */
  readonly said: SaidByAddress | undefined
  readonly signal: AbortSignal
}

function answerOf(
  match: Match,
  conversation: Conversation,
  digest: string,
  faults: readonly ActiveFault[],
): Answer {
  let answer = writeAnswer(match, conversation, digest)
  for (const fault of faults) {
    const kind = faultNamed(fault.name)
    if (kind.stage === 'answer') answer = kind.change(answer, conversation, fault)
  }
  const { usage: scripted } = match.step
  if (scripted === 'none') return answer
  const counted = countUsage(inputTokensOf(conversation), answer.parts)
  const usage = scripted === undefined ? counted : claimedUsage(scripted, counted)
  const claimed = faults.reduce<ClaimedUsage | undefined>((before, { name }) => {
    const kind = faultNamed(name)
    return kind.stage === 'usage' && before ? kind.change(before) : before
  }, usage)
  return { ...answer, usage: claimed }
}

function claimedUsage(scripted: ScriptedUsage, counted: ClaimedUsage): ClaimedUsage {
  const { input, output, cacheRead, cacheWrite, reasoning } = scripted
  return {
    input: input ?? counted.input,
    output: output ?? counted.output,
    cacheRead: cacheRead ?? counted.cacheRead,
    cacheWrite: cacheWrite ?? counted.cacheWrite,
    reasoning: reasoning ?? counted.reasoning,
  }
}

async function send(
  delivery: Delivery,
  answer: Answer,
  head: AnswerHead,
  conversation: Conversation,
): Promise<Delivered> {
  const { protocol } = delivery
  return conversation.stream
    ? sendStream(delivery, protocol.stream(answer, head, conversation))
    : sendWhole(delivery, protocol.whole(answer, head, conversation))
}

/** Pieces that come before a break, where the scenario does not say. */
const usualPieces = 3

function disturbancesOf(faults: readonly ActiveFault[]): readonly Disturbance[] {
  return faults.flatMap(({ name, after }) => {
    const kind = faultNamed(name)
    return kind.stage === 'transfer' ? [{ action: kind.action, after: after ?? usualPieces }] : []
  })
}

/** The first fault that leaves no answer at all. */
function failureAmong(faults: readonly ActiveFault[]): Denial | 'stall' | 'cut' | undefined {
  for (const { name, retryAfter } of faults) {
    const kind = faultNamed(name)
    if (kind.stage === 'refusal') return new Denial({ ...kind, retryAfter: retryAfter ?? kind.retryAfter })
    if (kind.stage === 'connection') return kind.action === 'hang' ? 'stall' : 'cut'
  }
  return undefined
}

function inputTokensOf({ system, turns, tools }: Conversation): number {
  return Math.max(1, tokensIn(JSON.stringify([system, turns, tools])))
}

/** The same for the same conversation, whatever the protocol that carries it. */
function digestOf({ system, turns }: Conversation): string {
  return createHash('sha256')
    .update(JSON.stringify([system, turns]))
    .digest('hex')
    .slice(0, 16)
}
