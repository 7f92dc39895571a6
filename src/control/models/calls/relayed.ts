import type { ModelRequest } from '../../../contracts/index.ts'
import type { Protocol, RelayReader, RelayReading } from '../protocols/index.ts'
import type { Watch } from '../resilience/deadlines.ts'
import type { Answer } from '../upstreams/answer.ts'
import type { Connection } from '../upstreams/connections.ts'
import { failureOfReport, failureOfStatus, UpstreamFailure } from '../upstreams/failure.ts'
import { postJson } from '../upstreams/post.ts'
import type { PostedAnswer } from '../upstreams/post.ts'
import type { RelayTarget } from '../upstreams/upstream.ts'
import type { Target } from './plan.ts'
import type { Transport } from './transport.ts'

export interface RelayedOptions {
  readonly protocol: Protocol
  /** The body to pass on, without secrets. */
  readonly body: unknown
  readonly request: ModelRequest
  readonly stream: boolean
  /** Of the protocol, to be passed on. */
  readonly headers: Readonly<Record<string, string>>
  readonly answerBytes: number
  readonly now: () => number
  /** Takes the bytes of a stream as they come; the upstream waits for it where it has to be waited for. */
  readonly onBytes: (bytes: Uint8Array) => Promise<void> | undefined
}

export interface RelayedTransport extends Transport {
  /** The answer as it came, where it was not streamed. */
  whole(): Uint8Array
}

/** What server-sent events add to each token, in bytes, at the most. */
const framing = 2000
const mostErrorBytes = 64 * 1024

/** Passes a request on as it came, to a server of the same protocol, and reads along in what comes back. */
export function relayedTransport(options: RelayedOptions): RelayedTransport {
  let reading: RelayReading | undefined
  let pieces: Uint8Array[] = []
  let delivered = false
  const pass = async (bytes: Uint8Array, reader: RelayReader, watch: Watch): Promise<void> => {
    pieces.push(bytes)
    // Until a token has come, somebody else may still be asked.
    if (!options.stream || !reader.started) return
    watch.token()
    const held = pieces
    pieces = []
    delivered = true
    for (const piece of held) {
      const passing = options.onBytes(piece)
      if (passing !== undefined) await watch.offTheClock(() => passing)
    }
  }
  return {
    send: async (connection, target, watch) => {
      reading = undefined
      pieces = []
      const { stream, answerBytes, body } = options
      const { status, headers, body: answer } = await ask(options, connection, target, watch)
      if (status !== 200) throw failureOfStatus(status, headers, await readError(answer), options.now())
      const reader = options.protocol.relay.reader({ stream, body })
      const mostBytes = Math.min(answerBytes, target.worstOutput * framing + 2 ** 20)
      try {
        let bytes = 0
        for await (const chunk of answer) {
          bytes += chunk.length
          if (bytes > mostBytes) throw new UpstreamFailure('too-large', `more than ${mostBytes} bytes`)
          await pass(reader.push(chunk), reader, watch)
        }
      } finally {
        reading = reader.end()
      }
      watch.signal.throwIfAborted()
      if (reading.error !== undefined) throw failureOfReport(reading.error.type, reading.error.message)
      if (!reading.complete)
        throw stream || reader.started
          ? new UpstreamFailure('cut-off', 'the answer ended before its end')
          : new UpstreamFailure('invalid-answer', `it is not an answer of ${options.protocol.name}`)
      await pass(reading.rest, reader, watch)
      // An answer without a token, for example one of nothing but a stop.
      if (stream) for (const piece of pieces) await options.onBytes(piece)
      return answerOf(reading)
    },
    arrived: () => (reading === undefined || reading.content.length === 0 ? undefined : answerOf(reading)),
    delivered: () => delivered,
    whole: () => (pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)),
  }
}

/** The way on in this protocol, if the upstream speaks it. */
export function relayTo(connection: Connection, protocol: Protocol): RelayTarget | undefined {
  return connection.relays.find(({ protocol: name }) => name === protocol.name)
}

async function ask(
  { protocol, body, request, headers, stream }: RelayedOptions,
  connection: Connection,
  target: Target,
  watch: Watch,
): Promise<PostedAnswer> {
  const relay = relayTo(connection, protocol)
  if (relay === undefined) throw new Error(`${connection.definition.id} does not speak ${protocol.name}`)
  const prepared = protocol.relay.prepare(body, target.model.name)
  const own = Object.entries(headers).filter(([name]) => passedOn.test(name))
  return postJson(
    connection,
    relay.url,
    {
      ...relay.headers,
      ...Object.fromEntries(own),
      accept: stream ? 'text/event-stream' : 'application/json',
    },
    withLimit(prepared, request, target, relay),
    watch.signal,
  )
}

/** Headers of a caller that change what a provider does, and open nothing. */
const passedOn = /^(?:anthropic-version|anthropic-beta|openai-beta)$/i

const outputLimits = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

/** What a caller leaves open, or asks too much of, is limited to what is reserved. */
function withLimit(body: unknown, request: ModelRequest, target: Target, relay: RelayTarget): unknown {
  const { maxOutputTokens: asked } = request
  if (asked !== undefined && asked <= target.maxOutput) return body
  const rest = Object.entries(body as object).filter(
    ([name]) => !outputLimits.some((limit) => limit === name),
  )
  return { ...Object.fromEntries(rest), [relay.outputLimit]: target.maxOutput }
}

function answerOf({ content, finish, version, usage, complete }: RelayReading): Answer {
  return { content, finish, version, usage, complete }
}

async function readError(body: PostedAnswer['body']): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > mostErrorBytes) break
  }
  return Buffer.concat(chunks).toString()
}
