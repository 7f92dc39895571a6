import { encodeOpenaiError } from '../openai-errors.ts'
import type { Protocol } from '../protocol.ts'
import { ChatStreamEncoder, encodeChatAnswer } from './answer.ts'
import { chatRelay } from './relay.ts'
import { parseChatRequest } from './request.ts'

/** `POST /v1/chat/completions`, as OpenAI and everybody who is compatible speak it. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  parse: parseChatRequest,
  encode: encodeChatAnswer,
  streamEncoder: (answering) => new ChatStreamEncoder(answering),
  encodeError: encodeOpenaiError,
  relay: chatRelay,
}
