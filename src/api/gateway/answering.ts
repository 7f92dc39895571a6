import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { AtelierError } from '../../kernel/index.ts'
import type { Logger } from '../../kernel/index.ts'
import type { ExchangeAnswer, Protocol } from '../../control/models/index.ts'
import { gatewayErrors } from './errors.ts'

/** What anything thrown means to a client. What is not an {@link AtelierError} is a defect, whose words stay here. */
export function toAtelierError(error: unknown): AtelierError {
  return error instanceof AtelierError ? error : gatewayErrors.DEFECT({ cause: error })
}

export async function sendError(reply: FastifyReply, protocol: Protocol, error: unknown): Promise<void> {
  const { status, headers, body } = protocol.encodeError(toAtelierError(error))
  await reply.code(status).headers(headers).send(body)
}

interface Answering {
  readonly protocol: Protocol
  readonly logger: Logger
  /** Aborts what is asked when nobody takes the answer any more. */
  readonly abort: AbortController
  /** How long a client may leave a stream unread. */
  readonly unreadMs: number
}

/** Sends an answer: in one piece, or piece by piece as it comes and no faster than it is read. */
export async function sendAnswer(
  reply: FastifyReply,
  { status, headers, body }: ExchangeAnswer,
  answering: Answering,
): Promise<void> {
  if (!isStream(headers)) {
    await reply
      .code(status)
      .headers(headers)
      .send(await wholeOf(body))
    return
  }
  reply.hijack()
  const { raw } = reply
  const prepared = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)
  raw.writeHead(status, { ...Object.fromEntries(prepared), ...headers, ...streamHeaders })
  raw.flushHeaders()
  try {
    for await (const piece of body) {
      if (piece.length === 0) continue
      if (!raw.write(piece)) await drained(raw, answering)
    }
  } catch (error) {
    failStream(raw, error, answering)
  }
  await ended(raw, answering)
}

async function wholeOf(body: ExchangeAnswer['body']): Promise<Uint8Array | string> {
  if (!(Symbol.asyncIterator in body)) return body[0]
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** A proxy in between must not wait for more before it passes on what there is. */
const streamHeaders = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }

function isStream(headers: ExchangeAnswer['headers']): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true
}

/** Waits until the client has read; one that does not read is as good as gone. */
async function drained(raw: ServerResponse, { abort, unreadMs }: Answering): Promise<void> {
  const timer = setTimeout(() => {
    abort.abort()
  }, unreadMs)
  try {
    await once(raw, 'drain', { signal: abort.signal })
  } finally {
    clearTimeout(timer)
  }
}

/** Ends a stream and waits until the client has it, or has been waited for for long enough. */
async function ended(raw: ServerResponse, { unreadMs }: Answering): Promise<void> {
  if (raw.destroyed) return
  const timer = setTimeout(() => raw.destroy(), unreadMs)
  await new Promise<void>((resolve) => {
    raw.once('close', resolve)
    raw.end(resolve)
  })
  clearTimeout(timer)
}

/** The status is out, so the error is told in the stream. */
function failStream(raw: ServerResponse, error: unknown, { protocol, abort, logger }: Answering): void {
  if (abort.signal.aborted) {
    raw.destroy()
    return
  }
  const failure = toAtelierError(error)
  const { code } = failure
  const isDefect = code === gatewayErrors.DEFECT.code && error instanceof Error
  logger.log('warn', isDefect ? { code, error: error.stack } : { code }, 'an answer broke off')
  raw.write(protocol.streamEncoder().fail(failure))
}
