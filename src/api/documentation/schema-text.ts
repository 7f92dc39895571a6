import type { JsonSchema } from '../../contracts/api/index.ts'

const width = 88

/** A shape as TypeScript would write it: `{ items: Run[], next: string | null }`, in lines where one does not do. */
export function schemaText(schema: JsonSchema, indent = ''): string {
  const { $ref, anyOf, oneOf, properties, items, additionalProperties } = schema
  if ($ref !== undefined) return nameOf($ref)
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum !== undefined)
    return union(
      schema.enum.map((value) => JSON.stringify(value)),
      indent,
    )
  const either = anyOf ?? oneOf
  if (either !== undefined)
    return union(
      either.map((one) => schemaText(one, `${indent}  `)),
      indent,
    )
  if (schema.type === 'array') return list(items === false || items === undefined ? {} : items, indent)
  if (properties !== undefined) return object(schema, indent)
  if (typeof additionalProperties === 'object')
    return `{ [${schema.propertyNames?.enum === undefined ? 'name' : 'one'}: string]: ${schemaText(additionalProperties, indent)} }`
  if (schema.type === 'object') return 'object'
  return schema.type === 'integer' ? 'integer' : (schema.type ?? 'unknown')
}

/** Names of the shapes that a schema refers to, in the order in which they come. */
export function shapesIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return [...new Set(schema.flatMap(shapesIn))]
  if (typeof schema !== 'object' || schema === null) return []
  const named = Object.entries(schema).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [nameOf(value)] : shapesIn(value),
  )
  return [...new Set(named)]
}

/** What else a value has to keep to, in words. */
export function boundsOf(schema: JsonSchema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, format, pattern } = schema
  const wide = Number.MAX_SAFE_INTEGER
  return [
    range(minimum === -wide ? undefined : minimum, maximum === wide ? undefined : maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' items'),
    format === 'date-time'
      ? 'an instant such as 2026-11-22T09:30:00.000Z'
      : format === 'date'
        ? 'a day such as 2026-11-22'
        : '',
    pattern === undefined || format !== undefined ? '' : `like \`${pattern}\``,
    schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\` when absent`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return ''
  if (least === 1 && most === undefined && unit !== '') return 'not empty'
  if (least === undefined) return `at most ${most ?? ''}${unit}`
  return most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`
}

function nameOf(reference: string): string {
  return reference.split('/').at(-1) ?? reference
}

function union(members: readonly string[], indent: string): string {
  const unique = [...new Set(members)]
  const line = unique.join(' | ')
  if (line.length + indent.length <= width || unique.length === 1) return line
  return unique.map((member) => `\n${indent}  | ${member}`).join('')
}

function list(items: JsonSchema, indent: string): string {
  const text = schemaText(items, indent)
  return /^[\w.]+$|^\{[^]*\}$/.test(text) ? `${text}[]` : `(${text})[]`
}

function object({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const members = Object.entries(properties).map(
    ([name, one]) =>
      `${memberName(name)}${required.includes(name) ? '' : '?'}: ${schemaText(one, `${indent}  `)}`,
  )
  if (members.length === 0) return '{}'
  const line = `{ ${members.join(', ')} }`
  if (members.length < 4 && line.length + indent.length <= width && !line.includes('\n')) return line
  return `{\n${members.map((member) => `${indent}  ${member}\n`).join('')}${indent}}`
}

function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
