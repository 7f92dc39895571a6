import type { Attributes } from '@opentelemetry/api'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { reportError } from '../../kernel/index.ts'

/**
 * Names of OpenTelemetry's conventions for generative AI. They still change, so they stand here and nowhere else; spans
 * carry the version.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
const genAiConventions = {
  version: '1.37.0',
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  serverAddress: 'server.address',
  errorType: 'error.type',
} as const

export interface ModelSpan {
  readonly operation: 'chat' | 'embeddings'
  readonly provider: string
  readonly model: string
  readonly serverAddress: string
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
}

/** What an upstream has answered, for its span. Money is in millionths of the currency. */
export interface ModelSpanResult {
  readonly version: string
  readonly finish: string
  readonly usage: { readonly input: number; readonly output: number; readonly cacheRead: number }
  readonly cost: number | null
}

/** Runs one attempt at an upstream inside a span; `describe` says what came of it. */
export async function traceModelCall<T>(
  { operation, provider, model, serverAddress, maxTokens, temperature, topP }: ModelSpan,
  work: () => Promise<T>,
  describe: (result: T) => ModelSpanResult,
): Promise<T> {
  const names = genAiConventions
  const attributes = present({
    'atelier.gen_ai.conventions': names.version,
    [names.operation]: operation,
    [names.provider]: provider,
    [names.requestModel]: model,
    [names.serverAddress]: serverAddress,
    [names.maxTokens]: maxTokens,
    [names.temperature]: temperature,
    [names.topP]: topP,
  })
  return trace
    .getTracer('atelier')
    .startActiveSpan(`${operation} ${model}`, { attributes, kind: SpanKind.CLIENT }, async (span) => {
      try {
        const result = await work()
        const { version, finish, usage, cost } = describe(result)
        span.setAttributes(
          present({
            [names.responseModel]: version,
            [names.finishReasons]: [finish],
            [names.inputTokens]: usage.input,
            [names.outputTokens]: usage.output,
            'atelier.gen_ai.cache_read_tokens': usage.cacheRead,
            'atelier.gen_ai.cost_millionths': cost ?? undefined,
          }),
        )
        return result
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : reportError(error).code
        span.setAttribute(names.errorType, code)
        span.setStatus({ code: SpanStatusCode.ERROR, message: code })
        throw error
      } finally {
        span.end()
      }
    })
}

function present(attributes: Record<string, Attributes[string]>): Attributes {
  const known: Attributes = {}
  for (const name in attributes) if (attributes[name] !== undefined) known[name] = attributes[name]
  return known
}
