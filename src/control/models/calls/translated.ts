import type { ModelRequest } from '../../../contracts/index.ts'
import type { Watch } from '../resilience/deadlines.ts'
import { AnswerAssembly } from '../upstreams/answer.ts'
import type { Answer, AnswerEvent } from '../upstreams/answer.ts'
import type { Connection } from '../upstreams/connections.ts'
import { failureOfReport, UpstreamFailure } from '../upstreams/failure.ts'
import { toCallOptions } from '../upstreams/prompt.ts'
import { OutputGuard } from './output-guard.ts'
import type { Target } from './plan.ts'
import type { Transport } from './transport.ts'

export interface TranslatedOptions {
  readonly request: ModelRequest
  readonly answerBytes: number
  /** Takes the answer while it arrives; the upstream waits for it. */
  readonly onEvent?: ((event: AnswerEvent) => Promise<void> | void) | undefined
}

/** Asks through the library of the provider. */
export function translatedTransport({
  request,
  answerBytes,
  onEvent,
}: TranslatedOptions): Transport & { readonly kind: 'translated' } {
  let assembly = new AnswerAssembly()
  let delivered = false
  const pass = async (event: AnswerEvent, watch: Watch): Promise<void> => {
    if (onEvent === undefined) return
    delivered = true
    const passing = onEvent(event)
    if (passing !== undefined) await watch.offTheClock(() => passing)
  }
  return {
    kind: 'translated',
    send: async (connection: Connection, target: Target, watch: Watch): Promise<Answer> => {
      assembly = new AnswerAssembly()
      const guard = new OutputGuard(target.worstOutput, answerBytes)
      const { stream } = await connection.languageModel(target.model.name).doStream({
        ...toCallOptions({ ...request, maxOutputTokens: target.maxOutput }),
        abortSignal: watch.signal,
      })
      for await (const part of stream) {
        watch.signal.throwIfAborted()
        if (part.type === 'error') throw reported(part.error)
        for (const event of assembly.push(part)) {
          watch.token()
          if ('text' in event) await guard.add(event.text)
          await pass(event, watch)
        }
      }
      watch.signal.throwIfAborted()
      const { answer } = assembly
      if (!answer.complete) throw new UpstreamFailure('cut-off', 'the stream ended before the answer did')
      return answer
    },
    arrived: () => (assembly.answer.content.length === 0 ? undefined : assembly.answer),
    delivered: () => delivered,
  }
}

/** What a provider reports within a stream: an error of its library, or whatever stood on the wire. */
function reported(error: unknown): unknown {
  if (error instanceof Error) return error
  const { type, code, message } = memberOf(error)
  const kind = typeof type === 'string' ? type : typeof code === 'string' ? code : ''
  return failureOfReport(kind, typeof message === 'string' ? message : JSON.stringify(error))
}

function memberOf(error: unknown): Record<string, unknown> {
  if (typeof error !== 'object' || error === null) return {}
  const { error: inner } = error as Record<string, unknown>
  return (typeof inner === 'object' && inner !== null ? inner : error) as Record<string, unknown>
}
