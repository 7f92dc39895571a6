import { z } from 'zod'
import { httpErrors } from './errors.ts'

type JsonSchema = z.core.JSONSchema.JSONSchema

/** Reads one part of a request. @throws ATL_API_REQUEST_INVALID with each place that is wrong */
export type Reader = (value: unknown) => unknown

/** Reads a body as its schema has it. */
export function readerOf(schema: z.ZodType): Reader {
  return (value) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) {
      if (!isStorable(parsed.data))
        throw httpErrors.REQUEST_INVALID({ detail: 'a text holds the character NUL or half of a character' })
      return parsed.data
    }
    const places = parsed.error.issues
      .slice(0, 20)
      .map(({ path, message }) => ({ place: path.map(String).join('.').slice(0, 200), message }))
    throw httpErrors.REQUEST_INVALID({
      detail: places
        .map(({ place, message }) => (place === '' ? message : `${place}: ${message}`))
        .join('; '),
      details: { places },
    })
  }
}

/** Whether every text can be kept by the database, which takes neither NUL nor halves of surrogate pairs. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorable(inner))
}

/** Reads parameters of a path or a query: all of them are text, and become what the schema says they are. */
export function textReaderOf(schema: z.ZodObject): Reader {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
  const read = readerOf(schema)
  return (value) => {
    const texts = Object.entries(value as Record<string, unknown>)
    return read(Object.fromEntries(texts.map(([name, text]) => [name, fromText(properties[name], text)])))
  }
}

function fromText(schema: JsonSchema | boolean | undefined, text: unknown): unknown {
  if (typeof schema !== 'object') return text
  if (schema.type === 'array') {
    const items = schema.items as JsonSchema | undefined
    return (Array.isArray(text) ? text : [text]).map((item: unknown) => fromText(items, item))
  }
  if (typeof text !== 'string') return text
  if (schema.type === 'integer' || schema.type === 'number')
    return /^-?\d{1,16}(?:\.\d{1,16})?$/.test(text) ? Number(text) : text
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}
