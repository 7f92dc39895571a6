import { z } from 'zod'

const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
})

/** Some value that a JSON Schema allows, for tools whose scripted input is not known; only what is required. */
export function sampleOf(schema: unknown): unknown {
  const parsed = schemaShape.safeParse(schema)
  if (!parsed.success) return {}
  const { type, properties = {}, required = [], minimum, ...other } = parsed.data
  if (other.const !== undefined) return other.const
  if (other.enum?.[0] !== undefined) return other.enum[0]
  const alternative = other.anyOf?.[0] ?? other.oneOf?.[0]
  if (type === undefined && alternative !== undefined) return sampleOf(alternative)
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return 'sample'
    case 'integer':
    case 'number':
      return minimum ?? 1
    case 'boolean':
      return false
    case 'null':
      return null
    case 'array':
      return [sampleOf(other.items)]
    default:
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name])]))
  }
}

const commandProperty = /^(?:command|cmd|script)$/i

/** Some input that a JSON Schema allows, with the command where the schema has a place for it; undefined if nowhere. */
export function withCommand(schema: unknown, command: string): object | undefined {
  const { properties = {} } = schemaShape.catch({}).parse(schema)
  const [name, place] = Object.entries(properties).find(([key]) => commandProperty.test(key)) ?? []
  const sample = sampleOf(schema)
  if (name === undefined || sample === null || typeof sample !== 'object') return undefined
  const { type } = schemaShape.catch({}).parse(place)
  return { ...sample, [name]: type === 'array' ? ['sh', '-c', command] : command }
}
