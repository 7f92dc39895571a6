import { z } from 'zod'
import type { ModelRequest, Tool, ToolContext } from '../../contracts/index.ts'
import { AtelierError, errorCodes } from '../../kernel/index.ts'
import type { ModelAccess } from './access.ts'
import { actKeyOf, actRequest, planOrObstacle } from './calls/act.ts'
import { windUpSeconds } from './calls/model-call.ts'
import type { CallPlan } from './calls/plan.ts'
import { runCall } from './calls/run-call.ts'
import type { Transport } from './calls/transport.ts'
import { modelErrors } from './errors.ts'
import type { GatewayParts } from './parts.ts'
import { redactRequest } from './redact-request.ts'
import { UpstreamFailure } from './upstreams/failure.ts'

export interface Embedding {
  /** A model of the catalogue, or a route over several. */
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions?: number
  /** The same within a step for the same call. */
  readonly key: string
  /** Nobody will ask with this key again. */
  readonly unrepeatable?: true | undefined
  readonly signal: AbortSignal
}

const answerSchema = z.object({
  model: z.string(),
  /** One for each input, in their order. */
  embeddings: z.array(z.array(z.number())),
  usage: z.object({ input: z.int().nonnegative() }),
  /** Millionths of the currency; null where the price is unknown. */
  cost: z.int().nonnegative().nullable(),
})
export type EmbeddingAnswer = Readonly<z.infer<typeof answerSchema>>

interface EmbeddingInput {
  readonly request: ModelRequest
  readonly dimensions?: number
}

const failureModes = errorCodes(modelErrors)

/** Turns texts into vectors, as one act at the door. */
export async function embed(
  parts: GatewayParts,
  access: ModelAccess,
  { model, inputs, dimensions, key, unrepeatable, signal }: Embedding,
): Promise<EmbeddingAnswer> {
  const request = redactRequest({
    model,
    messages: inputs.map((text) => ({ role: 'user', content: [{ kind: 'text', text }] })),
    // There is no output; whatever a plan has to reserve for one is as little as it can be.
    maxOutputTokens: 1,
  })
  const call = { access, request, key, unrepeatable, signal }
  const plan = await planOrObstacle(parts, call, ['embeddings'])
  const tool = embeddingTool(plan, (planned, context) =>
    performEmbedding(parts, planned, call, dimensions, context),
  )
  const input: EmbeddingInput = { request, ...(dimensions !== undefined && { dimensions }) }
  return parts.door.act(tool, input, actRequest(parts, call, actKeyOf(call), tool))
}

function embeddingTool(
  plan: CallPlan | AtelierError,
  perform: (plan: CallPlan, context: ToolContext) => Promise<EmbeddingAnswer>,
): Tool<EmbeddingInput, EmbeddingAnswer> {
  const free = { money: 0, tokens: 0, toolCalls: 1, seconds: 0 }
  return {
    name: 'model.embed',
    summary: 'Has a model turn texts into vectors.',
    input: z.custom<EmbeddingInput>((value) => typeof value === 'object' && value !== null),
    output: answerSchema,
    effect: 'read',
    permissions: ['model:call'],
    failureModes,
    circuit: 'own',
    worstCase:
      plan instanceof AtelierError
        ? free
        : { ...free, ...plan.worst, seconds: Math.ceil(plan.route.deadlines.totalMs / 1000) + windUpSeconds },
    perform: async (_input, context) => {
      if (!(plan instanceof AtelierError)) return perform(plan, context)
      context.recordCost?.({ money: 0, tokens: 0 })
      throw plan
    },
  }
}

async function performEmbedding(
  { services }: GatewayParts,
  plan: CallPlan,
  { request }: { readonly request: ModelRequest },
  dimensions: number | undefined,
  context: ToolContext,
): Promise<EmbeddingAnswer> {
  const values = request.messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.flatMap((part) => ('text' in part ? [part.text] : [])),
  )
  let embeddings: number[][] = []
  const transport: Transport = {
    send: async (connection, { model }, { signal }) => {
      const embedder = connection.embeddingModel?.(model.name)
      if (embedder === undefined)
        throw new UpstreamFailure('refused', `${connection.definition.id} makes no embeddings`)
      const result = await embedder.doEmbed({
        values,
        abortSignal: signal,
        ...(dimensions !== undefined && { dimensions }),
      })
      if (result.embeddings.length !== values.length)
        throw new UpstreamFailure(
          'invalid-answer',
          `${result.embeddings.length} vectors for ${values.length} texts`,
        )
      embeddings = result.embeddings
      const tokens = result.usage?.tokens
      const usage = { output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' as const }
      return {
        content: [],
        finish: 'stop',
        version: '',
        usage: tokens === undefined ? undefined : { ...usage, input: tokens },
        complete: true,
      }
    },
    arrived: () => undefined,
    delivered: () => false,
  }
  const { target, usage, cost } = await runCall(plan, request, transport, services, context)
  return { model: target.model.id, embeddings, usage: { input: usage.input }, cost }
}
