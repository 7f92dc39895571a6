import { encodeOpenaiError } from '../openai-errors.ts'
import type { Protocol } from '../protocol.ts'
import { encodeResponse } from './answer.ts'
import { responsesRelay } from './relay.ts'
import { parseResponsesRequest } from './request.ts'
import { ResponseStreamEncoder } from './stream.ts'

/** `POST /v1/responses`, as OpenAI speaks it, without state kept by the provider. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  parse: parseResponsesRequest,
  encode: encodeResponse,
  streamEncoder: (answering) => new ResponseStreamEncoder(answering),
  encodeError: encodeOpenaiError,
  relay: responsesRelay,
}
