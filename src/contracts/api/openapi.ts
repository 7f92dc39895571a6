import { z } from 'zod'
import type { Operation } from './operation.ts'
import { problemSchema } from './problem.ts'

/** A JSON schema, as far as the shapes of the contracts make use of it. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly propertyNames?: JsonSchema
  readonly items?: JsonSchema | false
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

export interface ApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

/** Content by its media type. The events of a stream have their shape beside the schema of the text. */
type ApiContent = Readonly<
  Record<string, { readonly schema: JsonSchema; readonly 'x-atelier-event'?: JsonSchema }>
>

/** An operation, as OpenAPI has it. */
export interface ApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  /** Empty for what anybody may ask. */
  readonly security?: readonly []
  /** The action that policies decide about, and what it is asked about. */
  readonly 'x-atelier-access'?: { readonly action: string; readonly resource: string }
  readonly parameters: readonly ApiParameter[]
  readonly requestBody?: { readonly required: true; readonly content: ApiContent }
  /** By status; `default` is a problem. */
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: ApiContent }>
  >
}

/** The API as an OpenAPI 3.1 document. */
export interface ApiDescription {
  readonly openapi: string
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly { readonly url: string }[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly tags: readonly { readonly name: string }[]
  /** By path, then by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
}

/** Shapes that have a name, gathered while the document is written. */
type Components = Map<string, JsonSchema>

/** The OpenAPI 3.1 document of these operations. */
export function openApiDocument(operations: readonly Operation[], version: string): ApiDescription {
  const components: Components = new Map()
  const problem = schemaOf(problemSchema, 'output', components)
  const paths: Record<string, Record<string, ApiOperation>> = {}
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {})
    path[operation.method.toLowerCase()] = describe(operation, problem, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Atelier',
      version,
      description: 'Everything that the studio does for its clients. Failures are problems as in RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'atelier',
          description: 'Of a browser that has signed in; `__Host-atelier` over https.',
        },
      },
    },
  }
}

function describe(operation: Operation, problem: JsonSchema, components: Components): ApiOperation {
  const { id, tag, summary, description, access, params, query, body, method } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...('public' in access ? { security: [] } : {}),
    ...('action' in access ? { 'x-atelier-access': access } : {}),
    parameters: [
      ...(params === undefined ? [] : parameters(params, 'path', components)),
      ...(query === undefined ? [] : parameters(query, 'query', components)),
      ...(method === 'POST' ? [idempotencyKey] : []),
      ...(operation.ifMatch === undefined ? [] : [ifMatch(operation.ifMatch.required ?? false)]),
      ...(isStream(operation) ? [lastEventId] : []),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: json(schemaOf(body, 'input', components)) } }),
    responses: {
      ...answers(operation, components),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
    },
  }
}

function answers({ answer }: Operation, components: Components): ApiOperation['responses'] {
  const [[status, schema] = []] = Object.entries(answer) as [
    string,
    z.ZodType | { events: z.ZodType } | null,
  ][]
  if (status === undefined || schema === undefined || schema === null)
    return { '204': { description: 'Done' } }
  if (!('events' in schema))
    return { [status]: { description: 'Done', content: json(schemaOf(schema, 'output', components)) } }
  const itemSchema = schemaOf(schema.events, 'output', components)
  const content = { 'text/event-stream': { schema: { type: 'string' }, 'x-atelier-event': itemSchema } }
  return { [status]: { description: 'Events, each with data of this shape', content } }
}

function isStream({ answer }: Operation): boolean {
  return 200 in answer && 'events' in answer[200]
}

function parameters(schema: z.ZodObject, place: 'path' | 'query', components: Components): ApiParameter[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input', components)
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: one,
  }))
}

function json(schema: JsonSchema): ApiContent {
  return { 'application/json': { schema } }
}

/** The JSON schema of a shape; shapes with a name become components. Input and output of one name may differ. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Components): JsonSchema {
  const { $defs = {}, ...whole } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  const own = without(whole, '$schema')
  const names = new Map<string, string>()
  const { id } = own
  const named = Object.entries({ ...$defs, ...(id === undefined ? {} : { [id]: own }) })
  for (const [name] of named) names.set(name, io === 'input' ? `${name}Input` : name)
  for (const [name, definition] of named) {
    const shape = redirect(without(definition, 'id'), names)
    components.set(names.get(name) ?? name, shape as JsonSchema)
  }
  return id === undefined ? (redirect(own, names) as JsonSchema) : reference(names.get(id) ?? id)
}

function without<T extends object>(value: T, key: keyof T | string): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as T
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** Points references into the document's components. */
function redirect(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => redirect(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const target = key === '$ref' && typeof inner === 'string' ? inner.split('/').at(-1) : undefined
      if (target === undefined) return [key, redirect(inner, names)]
      return [key, `#/components/schemas/${names.get(target) ?? target}`]
    }),
  )
}

const idempotencyKey: ApiParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key again, with the same request, gives the same answer and does nothing more.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
}

const lastEventId: ApiParameter = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'Go on behind this event.',
  schema: { type: 'string', maxLength: 200 },
}

function ifMatch(required: boolean): ApiParameter {
  return {
    name: 'If-Match',
    in: 'header',
    required,
    description: 'The ETag of what was read: the request is refused when it has changed meanwhile.',
    schema: { type: 'string', maxLength: 500 },
  }
}
