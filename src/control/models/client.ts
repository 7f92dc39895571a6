import type { ModelClient } from '../../contracts/index.ts'
import type { ModelAccess } from './access.ts'
import { actOfCall } from './calls/act.ts'
import { translatedTransport } from './calls/translated.ts'
import type { GatewayParts } from './parts.ts'
import { redactRequest } from './redact-request.ts'
import { eventsOf } from './upstreams/answer.ts'

/** Asks models in the name of one step. */
export function createClient(parts: GatewayParts, access: ModelAccess): ModelClient {
  return {
    ask: async (asked, { key, signal, onEvent, prompt }) => {
      const request = redactRequest(asked)
      const { response, origin } = await actOfCall(parts, {
        access,
        request,
        key,
        signal,
        prompt,
        transport: ({ route: { answerBytes } }) => translatedTransport({ request, answerBytes, onEvent }),
      })
      if (onEvent !== undefined && origin !== 'record') {
        if (origin === 'cache') for (const event of eventsOf(response.content)) onEvent(event)
        onEvent({ kind: 'finished', response })
      }
      return response
    },
  }
}
