import type { JsonSchema } from '../../contracts/api/index.ts'

type Shapes = Readonly<Record<string, JsonSchema>>

/** What people would put there, by the name of the member. */
const usual: Readonly<Record<string, string>> = {
  title: 'Back-to-back appointments are refused',
  body: 'Expected: both are booked. Actual: an error is thrown.',
  location: 'https://git.example.org/team/appointments.git',
  name: 'nightly-build',
  reason: 'As agreed in the meeting.',
  text: 'Yes, go on.',
  revision: 'main',
  action: 'read-run',
  role: 'engineer',
}

const words = ['example', 'read-run', 'src/calendar.js']

/** A value of a shape: everything that has to be there, and nothing else. */
export function exampleOf(schema: JsonSchema, shapes: Shapes, name = ''): unknown {
  const { $ref, anyOf, oneOf, properties, items } = schema
  if ($ref !== undefined) return exampleOf(shapes[$ref.split('/').at(-1) ?? ''] ?? {}, shapes, name)
  if ('const' in schema) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const first = (anyOf ?? oneOf)?.[0]
  if (first !== undefined) return exampleOf(first, shapes, name)
  if (properties !== undefined || schema.type === 'object') return exampleObject(schema, shapes)
  if (schema.type === 'array') {
    const count = Math.max(1, schema.minItems ?? 0)
    return items ? Array.from({ length: count }, () => exampleOf(items, shapes, name)) : []
  }
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 1, 1)
  if (schema.type === 'boolean') return true
  return schema.type === 'string' ? exampleText(schema, name) : null
}

function exampleObject({ properties = {}, required = [] }: JsonSchema, shapes: Shapes): unknown {
  const wanted = Object.entries(properties).filter(([name]) => required.includes(name))
  return Object.fromEntries(wanted.map(([name, one]) => [name, exampleOf(one, shapes, name)]))
}

function exampleText({ format, pattern, minLength = 0 }: JsonSchema, name: string): string {
  if (format === 'date-time') return '2026-11-22T09:30:00.000Z'
  if (format === 'date') return '2026-11-22'
  const known = usual[name]
  const candidates = known === undefined ? words : [known, ...words]
  const fits = (text: string): boolean =>
    text.length >= minLength && (pattern === undefined || new RegExp(pattern, 'u').test(text))
  return candidates.find(fits) ?? 'example'.padEnd(minLength, '.')
}
