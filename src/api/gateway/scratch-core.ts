import type { ModelRequest } from '../../contracts/index.ts'
import { anthropicMessages, openaiChat, openaiResponses } from '../../control/models/index.ts'
import type { Exchange } from '../../control/models/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { GatewayCore } from './endpoints.ts'

const protocols = {
  'openai-chat': { protocol: openaiChat, path: '/v1/chat/completions' },
  'openai-responses': { protocol: openaiResponses, path: '/v1/responses' },
  'anthropic-messages': { protocol: anthropicMessages, path: '/v1/messages' },
} as const

export interface ScratchCore extends GatewayCore {
  /** Calls that came, with what became of each. */
  readonly calls: { readonly call: Exchange; outcome: 'under way' | 'answered' | 'stopped' }[]
}

/** Passes conversations on to a server that speaks their protocol, with nothing else done about them. */
export function createScratchCore(upstream: string): ScratchCore {
  const calls: ScratchCore['calls'] = []
  return {
    calls,
    async exchange(_grant, call) {
      const entry: ScratchCore['calls'][number] = { call, outcome: 'under way' }
      calls.push(entry)
      const { protocol, path } = protocols[call.protocol]
      const { stream } = protocol.parse(call.body)
      const answer = await fetch(upstream + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...call.headers },
        body: JSON.stringify(protocol.relay.prepare(call.body, modelOf(call.body))),
        signal: call.signal,
      })
      if (answer.status >= 400) throw await failureOf(answer)
      const reader = protocol.relay.reader({ stream, body: call.body })
      async function* body(): AsyncGenerator<Uint8Array> {
        try {
          for await (const chunk of answer.body ?? []) yield reader.push(chunk as Uint8Array)
          const { rest, complete } = reader.end()
          yield rest
          if (!complete) throw failure('CUT_OFF', {})
          entry.outcome = 'answered'
        } finally {
          if (entry.outcome === 'under way') entry.outcome = 'stopped'
        }
      }
      return {
        status: answer.status,
        headers: { 'content-type': answer.headers.get('content-type') ?? 'application/json' },
        body: body(),
      }
    },
    embed(_grant, { model, inputs }) {
      const embeddings = inputs.map((text) => [text.length, 0.5])
      return Promise.resolve({ model, embeddings, usage: { input: inputs.length }, cost: null })
    },
    models({ models }) {
      return Promise.resolve(models.map((id) => ({ id, provider: 'test', kind: 'model' as const })))
    },
    countTokens(request: ModelRequest) {
      return Promise.resolve(JSON.stringify(request.messages).length)
    },
  }
}

function modelOf(body: unknown): string {
  return (body as { model: string }).model
}

async function failureOf(answer: Response): Promise<AtelierError> {
  const after = Number(answer.headers.get('retry-after') ?? NaN) * 1000
  const details = Number.isNaN(after) ? {} : { retryAfterMs: after }
  if (answer.status === 429) return failure('RATE_LIMITED', details)
  const text = await answer.text()
  return failure(
    /context_length_exceeded|too long/.test(text) ? 'CONTEXT_TOO_LONG' : 'UPSTREAM_FAILED',
    details,
  )
}

function failure(name: string, details: Record<string, unknown>): AtelierError {
  const retryable = name !== 'CONTEXT_TOO_LONG'
  const definition = {
    code: `ATL_MODEL_${name}`,
    summary: `The provider says ${name}`,
    remedy: 'Try again.',
    retryable,
  }
  return new AtelierError(definition, { details })
}
