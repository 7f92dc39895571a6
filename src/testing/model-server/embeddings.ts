import { createHash } from 'node:crypto'
import { z } from 'zod'
import { tokensIn } from './answer.ts'
import { readBody } from './protocols/reading.ts'

const requestSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2048)]),
  dimensions: z.int().positive().max(4096).default(256),
  encoding_format: z.enum(['float', 'base64']).default('float'),
})

/**
 * Answers `POST /v1/embeddings`. A text's vector has unit length and depends on its words alone, so that texts which share
 * words are nearer to each other than texts which do not.
 */
export function embeddingsFor(body: unknown): unknown {
  const { model, input, dimensions, encoding_format: format } = readBody(requestSchema, body)
  const texts = typeof input === 'string' ? [input] : input
  const tokens = texts.reduce((sum, text) => sum + tokensIn(text), 0)
  return {
    object: 'list',
    data: texts.map((text, index) => {
      const vector = vectorOf(text, dimensions)
      const embedding = format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
      return { object: 'embedding', index, embedding }
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

const googleContentSchema = z.looseObject({
  content: z.looseObject({ parts: z.array(z.looseObject({ text: z.string() })).min(1) }),
  outputDimensionality: z.int().positive().max(4096).default(256),
})
const googleBatchSchema = z.looseObject({ requests: z.array(googleContentSchema).min(1).max(2048) })

/** Answers `POST /v1beta/models/{model}:embedContent` in the same way. */
export function googleEmbeddingFor(body: unknown): unknown {
  return { embedding: googleEmbeddingOf(readBody(googleContentSchema, body)) }
}

/** Answers `POST /v1beta/models/{model}:batchEmbedContents` in the same way. */
export function googleEmbeddingsFor(body: unknown): unknown {
  return { embeddings: readBody(googleBatchSchema, body).requests.map(googleEmbeddingOf) }
}

function googleEmbeddingOf({ content, outputDimensionality }: z.infer<typeof googleContentSchema>) {
  const text = content.parts.map((part) => part.text).join(' ')
  return { values: [...vectorOf(text, outputDimensionality)] }
}

/** The hashing trick: each word counts in one dimension, with a sign. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const hash = createHash('sha256').update(word).digest()
    const at = hash.readUInt32BE(0) % dimensions
    vector[at] = (vector[at] ?? 0) + (hash.readUInt8(4) < 128 ? 1 : -1)
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}
