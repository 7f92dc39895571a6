import type { Answer } from '../answer.ts'
import type { Conversation, ProtocolName } from '../conversation.ts'

/** What an answer needs besides its content. */
export interface AnswerHead {
  readonly id: string
  readonly model: string
  /** Seconds since the epoch. */
  readonly created: number
}

/** What some protocols have in the address and others in the body. */
export interface SaidByAddress {
  readonly model?: string | undefined
  readonly stream?: boolean | undefined
}

/** How one provider's protocol writes what a model says. */
export interface Protocol {
  readonly name: ProtocolName
  /** @throws Denial when the body is not of the protocol */
  read(body: unknown, said: SaidByAddress): Conversation
  whole(answer: Answer, head: AnswerHead, conversation: Conversation): unknown
  /** Events, one for each yield: server-sent ones, or what `framing` puts into bytes. */
  stream(answer: Answer, head: AnswerHead, conversation: Conversation): Iterable<string>
  /** The body of an error. */
  failure(type: string, message: string): unknown
  /** An error in the middle of a stream. */
  failureEvent(type: string, message: string): string
  /** How streams travel, where not as server-sent events. */
  readonly framing?: { readonly contentType: string; readonly frame: (event: string) => Uint8Array }
  /** Correct JSON of a form that the protocol does not know. */
  readonly malformed: { readonly whole: unknown; readonly event: string }
}

export function eventOf(data: unknown, type?: string): string {
  const name = type === undefined ? '' : `event: ${type}\n`
  return `${name}data: ${JSON.stringify(data)}\n\n`
}
