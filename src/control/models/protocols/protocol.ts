import type { ModelEvent, ModelRequest, ModelResponse, ModelUsage } from '../../../contracts/index.ts'
import type { AtelierError } from '../../../kernel/index.ts'

export type ProtocolName = 'openai-chat' | 'openai-responses' | 'anthropic-messages'

/**
 * A wire format in which models are asked. One side of it translates between the wire and the studio's own contract;
 * the other, {@link Relay}, lets a request go on as it came and only reads along.
 */
export interface Protocol {
  readonly name: ProtocolName
  /**
   * Reads the body of a request. What the contract has no word for is left out and named in `ignored`; what cannot be
   * left out without changing the meaning is refused.
   * @throws ATL_PROTOCOL_REQUEST_INVALID, ATL_PROTOCOL_UNSUPPORTED
   */
  parse(body: unknown): ParsedRequest
  /** The body of the answer to a request that was not streamed. */
  encode(response: ModelResponse, answering?: AnswerOptions): unknown
  /** Writes one streamed answer as server-sent events. */
  streamEncoder(answering?: AnswerOptions): StreamEncoder
  /** The answer that a client of this protocol understands as this error. */
  encodeError(error: AtelierError): EncodedError
  readonly relay: Relay
}

export interface ParsedRequest {
  readonly request: ModelRequest
  readonly stream: boolean
  /** What of the body was not understood and has no part in `request`. */
  readonly ignored: readonly string[]
  /** How the caller wants the answer; to be given to `encode` and `streamEncoder`. */
  readonly answering: AnswerOptions
}

export interface AnswerOptions {
  /** Whether usage is told at the end of a stream; only `openai-chat` leaves that to the caller. */
  readonly includeUsage?: boolean
  /** What the caller called the model; a stream names it until the model that answers is known. */
  readonly model?: string
  /** Tools that take free text instead of JSON: their calls are written as such. */
  readonly textTools?: readonly string[]
}

/** Each method answers the next piece of the stream, possibly empty, to be sent as it is. */
export interface StreamEncoder {
  push(event: ModelEvent): string
  /** Ends the stream as failed. */
  fail(error: AtelierError): string
}

export interface EncodedError {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: unknown
}

/** Passing a conversation on in its own protocol, and metering it on the way. */
export interface Relay {
  /**
   * The body to send upstream: as it came but for the name of the model and for asking that usage be told.
   * The body that came is not changed.
   */
  prepare(body: unknown, upstreamModel: string): unknown
  reader(options: RelayReaderOptions): RelayReader
}

interface RelayReaderOptions {
  /** Server-sent events are expected; else one JSON value. */
  readonly stream: boolean
  /** The body as the caller sent it. What `prepare` asked for and the caller did not is kept from the caller. */
  readonly body?: unknown
}

/**
 * Reads an answer while it passes. Never throws and holds a bounded number of bytes, whatever comes; how the bytes are
 * cut into chunks makes no difference.
 */
export interface RelayReader {
  /** Answers the bytes to pass on to the caller: the same, or fewer where events are kept back. */
  push(chunk: Uint8Array): Uint8Array
  /** A first piece of the answer (text, reasoning or a tool call) was seen. */
  readonly started: boolean
  /** What was read. May be asked once, when nothing more comes. */
  end(): RelayReading
}

export interface RelayReading {
  readonly content: ModelResponse['content']
  readonly finish: ModelResponse['finish']
  /** The model that answered, as the provider names it; empty when it does not say. */
  readonly version: string
  /** Undefined when the provider said nothing, or nothing that can be true. */
  readonly usage: ModelUsage | undefined
  /** Bytes that were kept back and are still to be passed on; empty as a rule. */
  readonly rest: Uint8Array
  /** The answer came to its end: it was not cut off and did not end in an error. */
  readonly complete: boolean
  /** The error that the provider reported, within the stream or instead of an answer. */
  readonly error: { readonly type: string; readonly message: string } | undefined
}
