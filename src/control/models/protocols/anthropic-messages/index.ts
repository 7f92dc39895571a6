import type { Protocol } from '../protocol.ts'
import { encodeMessage, MessageStreamEncoder } from './answer.ts'
import { encodeMessagesError } from './error.ts'
import { messagesRelay } from './relay.ts'
import { parseMessagesRequest } from './request.ts'

/** `POST /v1/messages`, as Anthropic speaks it. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  parse: parseMessagesRequest,
  encode: encodeMessage,
  streamEncoder: (answering) => new MessageStreamEncoder(answering),
  encodeError: encodeMessagesError,
  relay: messagesRelay,
}
