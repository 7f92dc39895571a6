import type { ModelEvent, ModelRequest, ModelResponse } from '../../contracts/index.ts'
import type { ModelAccess } from './access.ts'
import { ByteChannel } from './byte-channel.ts'
import { actOfCall } from './calls/act.ts'
import type { AnsweredCall } from './calls/act.ts'
import type { CallPlan } from './calls/plan.ts'
import { relayedTransport, relayTo } from './calls/relayed.ts'
import type { RelayedTransport } from './calls/relayed.ts'
import { translatedTransport } from './calls/translated.ts'
import type { Transport } from './calls/transport.ts'
import type { GatewayParts } from './parts.ts'
import { anthropicMessages, openaiChat, openaiResponses } from './protocols/index.ts'
import type { ParsedRequest, Protocol, ProtocolName, StreamEncoder } from './protocols/index.ts'
import { redactJson } from './redact-request.ts'
import { eventsOf } from './upstreams/answer.ts'

/** A request in a protocol of providers. */
export interface Exchange {
  readonly protocol: ProtocolName
  /** The body as it was sent, parsed. */
  readonly body: unknown
  /** The same within a step for the same call. */
  readonly key: string
  /** Nobody will ask with this key again. */
  readonly unrepeatable?: true | undefined
  readonly signal: AbortSignal
  /** Of the caller; those that change what a provider does go on with a relayed request. */
  readonly headers?: Readonly<Record<string, string>>
}

type Piece = Uint8Array | string

/** The answer in the same protocol. */
export interface ExchangeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** In one piece, or piece by piece as it comes. Throws a coded error where a stream breaks off. */
  readonly body: readonly [Piece] | AsyncIterable<Piece>
}

const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
}

/**
 * Asks a model in the caller's protocol. To an upstream of the same protocol the request goes on as it came, and its
 * answer comes back as it is; to others both are translated.
 * @throws errors with codes as long as nothing was answered.
 */
export async function exchange(
  parts: GatewayParts,
  access: ModelAccess,
  call: Exchange,
): Promise<ExchangeAnswer> {
  const protocol = protocols[call.protocol]
  const body = redactJson(call.body)
  const parsed = protocol.parse(body)
  const channel = new ByteChannel()
  const writer = createWriter(protocol, parsed, channel)
  let current: ChosenTransport | undefined
  const act = actOfCall(parts, {
    access,
    request: parsed.request,
    key: call.key,
    unrepeatable: call.unrepeatable,
    signal: call.signal,
    prompt: undefined,
    transport: (plan) =>
      (current = chooseTransport(parts, call, protocol, { ...parsed, body }, writer, plan)),
  })
  return parsed.stream
    ? streamed(act, writer, channel, () => current)
    : whole(act, protocol, parsed, () => current)
}

/** Writes an answer in the protocol as it arrives. */
interface Writer {
  /** Bytes as they came. */
  readonly bytes: (bytes: Uint8Array) => Promise<void> | undefined
  readonly event: (event: ModelEvent) => Promise<void> | undefined
}

function createWriter(protocol: Protocol, { answering }: ParsedRequest, channel: ByteChannel): Writer {
  let encoder: StreamEncoder | undefined
  return {
    bytes: (bytes) => channel.write(bytes),
    event: (event) => channel.write((encoder ??= protocol.streamEncoder(answering)).push(event)),
  }
}

interface ChosenTransport extends Transport {
  readonly kind: 'translated' | 'relayed'
  /** How the last attempt was made. */
  used(): RelayedTransport | 'translated'
}

/** Relays to upstreams that speak the protocol, and translates for the others. */
function chooseTransport(
  { clock }: GatewayParts,
  { headers = {} }: Exchange,
  protocol: Protocol,
  { request, stream, body }: { request: ModelRequest; stream: boolean; body: unknown },
  writer: Writer,
  { route: { answerBytes } }: CallPlan,
): ChosenTransport {
  const relayed = relayedTransport({
    protocol,
    body,
    request,
    stream,
    headers,
    answerBytes,
    now: () => clock.now(),
    onBytes: writer.bytes,
  })
  const translated = translatedTransport({
    request,
    answerBytes,
    onEvent: stream ? writer.event : undefined,
  })
  let used: RelayedTransport | 'translated' = relayed
  const inUse = (): Transport => (used === 'translated' ? translated : used)
  return {
    get kind() {
      return used === 'translated' ? 'translated' : 'relayed'
    },
    used: () => used,
    send: (connection, target, watch) => {
      used = relayTo(connection, protocol) === undefined ? 'translated' : relayed
      return inUse().send(connection, target, watch)
    },
    arrived: () => inUse().arrived(),
    delivered: () => inUse().delivered(),
  }
}

async function whole(
  act: Promise<AnsweredCall>,
  protocol: Protocol,
  { answering }: ParsedRequest,
  transport: () => ChosenTransport | undefined,
): Promise<ExchangeAnswer> {
  const { response, origin } = await act
  const used = transport()?.used()
  const piece =
    origin === 'upstream' && typeof used === 'object'
      ? used.whole()
      : JSON.stringify(protocol.encode(response, answering))
  return { status: 200, headers: { 'content-type': 'application/json' }, body: [piece] }
}

async function streamed(
  act: Promise<AnsweredCall>,
  writer: Writer,
  channel: ByteChannel,
  transport: () => ChosenTransport | undefined,
): Promise<ExchangeAnswer> {
  const ended = act.then(
    async ({ response, origin }) => {
      const relayed = origin === 'upstream' && typeof transport()?.used() === 'object'
      if (!relayed) await writeRest(writer, response, origin)
      channel.close()
    },
    (error: unknown) => channel.close({ error }),
  )
  // Errors before the first piece are the caller's to know with the status of the answer.
  await Promise.race([channel.opened, act])
  void ended
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body: channel }
}

async function writeRest(
  writer: Writer,
  response: ModelResponse,
  origin: AnsweredCall['origin'],
): Promise<void> {
  if (origin !== 'upstream') for (const event of eventsOf(response.content)) await writer.event(event)
  await writer.event({ kind: 'finished', response })
}
