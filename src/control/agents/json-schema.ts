import { z } from 'zod'
import type { ModelTool } from '../../contracts/index.ts'

type JsonSchema = ModelTool['input']

const objectSchema = z.record(z.string(), z.json())

/** JSON Schema, draft 7, of what is written for a type, as models and providers take it. */
export function jsonSchemaOf(type: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(type, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  const schema = objectSchema.parse(JSON.parse(JSON.stringify(json)))
  delete schema.$schema
  return schema
}

/** The members of an object's schema; none for any other type. */
export function propertiesOf(schema: JsonSchema): JsonSchema {
  return objectSchema.catch({}).parse(schema.properties)
}

/** The schema without some members of the object. */
export function withoutProperties(schema: JsonSchema, names: readonly string[]): JsonSchema {
  if (names.length === 0) return schema
  const required = z.array(z.string()).catch([]).parse(schema.required)
  const others = Object.entries(propertiesOf(schema)).filter(([name]) => !names.includes(name))
  return {
    ...schema,
    properties: Object.fromEntries(others),
    required: required.filter((name) => !names.includes(name)),
  }
}
