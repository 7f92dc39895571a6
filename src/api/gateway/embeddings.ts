import { z } from 'zod'
import { gatewayErrors } from './errors.ts'
import type { Embedding, EmbeddingAnswer } from '../../control/models/index.ts'

const mostInputs = 2048

const bodySchema = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1).max(mostInputs)]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
})

/** @throws ATL_GATEWAY_BODY_INVALID */
export function parseEmbeddingRequest(
  body: unknown,
): Pick<Embedding, 'model' | 'inputs' | 'dimensions'> & { readonly format: 'float' | 'base64' } {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const param = issue?.path.join('.') ?? ''
    throw gatewayErrors.BODY_INVALID({ detail: `${param}: ${issue?.message ?? ''}`, details: { param } })
  }
  const { model, input, dimensions, encoding_format: format } = parsed.data
  const inputs = typeof input === 'string' ? [input] : input
  return { model, inputs, ...(typeof dimensions === 'number' && { dimensions }), format: format ?? 'float' }
}

export function encodeEmbeddings(
  { model, embeddings, usage }: EmbeddingAnswer,
  format: 'float' | 'base64',
): unknown {
  return {
    object: 'list',
    data: embeddings.map((embedding, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'float' ? embedding : base64Of(embedding),
    })),
    model,
    usage: { prompt_tokens: usage.input, total_tokens: usage.input },
  }
}

/** Little-endian 32-bit floats, as OpenAI writes them. */
function base64Of(embedding: readonly number[]): string {
  const bytes = Buffer.alloc(embedding.length * 4)
  for (const [index, value] of embedding.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
