import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Operation, operations, problemSchema } from '../../contracts/api/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: JsonSchema
}

interface Described {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: JsonSchema } }
  }
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** As much of JSON Schema as the document uses. */
interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
}

/** Requests for each operation. */
const requests = 16

let studio: ScratchStudio
let tenant: ScratchTenant
let document: Document
/** What is there, so that not every request ends with its not being there. */
let known: Readonly<Record<string, string>>

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
  document = (await (await fetch(`${studio.url}/api/v1/openapi.json`)).json()) as Document
  const { runId, request } = await tenant.waitingRun()
  const { id: commentId } = await studio.services.comments.add(tenant.callers.owner, runId, {
    body: 'First.',
  })
  known = {
    runId,
    approvalId: request.id,
    commentId,
    stepId: 'change',
    workItemId: runId.replace('run_', 'work_'),
  }
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

/** What nobody who means well sends. */
const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    '',
    '\0',
    '\ud800',
    "'; drop table runs; --",
    '../../etc/passwd',
    '%',
    '%00',
    'x'.repeat(5000),
    '𝒳'.repeat(200),
    '__proto__',
    -1,
    1e308,
    2 ** 53,
    0.5,
    null,
    [],
    {},
    [[[[[[]]]]]],
    'NaN',
    Buffer.from('["2026-02-30T00:00:00Z","x"]').toString('base64url'),
    Buffer.from('["294277-01-01","x"]').toString('base64url'),
    Buffer.from('["2026-01-01T00:00:00Z","x"]').toString('base64url'),
  ),
)

function valueOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { $ref, type, items = {}, properties = {}, required = [] } = schema
  if ($ref !== undefined) return valueOf(document.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {})
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map(valueOf))
  switch (type) {
    case 'string':
      // Lookaheads cannot be turned round; what they describe are paths and names.
      if (schema.pattern?.includes('(?') === true)
        return fc.constantFrom('src/a.js', 'lint', '@scope/package')
      return schema.pattern === undefined
        ? fc.string({
            minLength: schema.minLength ?? 0,
            maxLength: Math.min(schema.maxLength ?? 60, 60),
            unit: 'grapheme',
          })
        : fc.stringMatching(new RegExp(schema.pattern, 'u'), { maxLength: 60 })
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 1_000_000) })
    case 'number':
      return fc.double({ noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valueOf(items), { maxLength: Math.min(schema.maxItems ?? 3, 3) })
    case 'object': {
      const members = Object.entries(properties).map(([name, one]) => [name, valueOf(one)] as const)
      return fc.record(Object.fromEntries(members), { requiredKeys: [...required] })
    }
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

interface FuzzedRequest {
  readonly parameters: Readonly<Record<string, unknown>>
  readonly body: unknown
}

function requestTo({ parameters, requestBody }: Described): fc.Arbitrary<FuzzedRequest> {
  const members = parameters.map(({ name, in: place, schema }) => {
    const valid = known[name] === undefined ? valueOf(schema) : fc.constant(known[name])
    const value = fc.oneof({ arbitrary: valid, weight: 4 }, { arbitrary: nasty, weight: 1 })
    return [name, place === 'path' ? value : fc.option(value, { nil: undefined })] as const
  })
  const schema = requestBody?.content['application/json'].schema
  const body =
    schema === undefined
      ? fc.constant(undefined)
      : fc.oneof({ arbitrary: valueOf(schema), weight: 3 }, { arbitrary: nasty, weight: 1 })
  return fc.record({ parameters: fc.record(Object.fromEntries(members)), body })
}

async function send(
  operation: Operation,
  described: Described,
  { parameters, body }: FuzzedRequest,
): Promise<Response> {
  const text = (name: string): string => {
    const value = parameters[name]
    return typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '')
  }
  const encode = (value: string): string => encodeURIComponent(value.toWellFormed())
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(text(name)) || '%20')
  const given = described.parameters.filter(({ name }) => parameters[name] !== undefined)
  const query = given.filter((one) => one.in === 'query').map(({ name }) => `${name}=${encode(text(name))}`)
  const headers = new Headers({ authorization: tenant.authorization.owner })
  for (const { name } of given.filter((one) => one.in === 'header'))
    headers.set(name, text(name).replaceAll(/[^\x20-\x7e]/g, '?'))
  if (body !== undefined) headers.set('content-type', 'application/json')
  return fetch(`${studio.url}${path}?${query.join('&')}`, {
    method: operation.method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

describe.each(Object.values<Operation>(operations).map((operation) => [operation.id, operation] as const))(
  '%s',
  (id, operation) => {
    it('answers whatever it is sent by its contract', { timeout: 120_000 }, async () => {
      const described = document.paths[operation.path]?.[operation.method.toLowerCase()]
      expect(described?.operationId).toBe(id)
      if (described === undefined) return
      await fc.assert(
        fc.asyncProperty(requestTo(described), async (request) => {
          const response = await send(operation, described, request)
          if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
            await response.body?.cancel()
            return
          }
          const text = await response.text()
          if (!response.ok) {
            expect(response.headers.get('content-type')).toContain('application/problem+json')
            const problem = problemSchema.parse(JSON.parse(text))
            expect([problem.status, problem.status < 500, problem.detail]).toEqual([
              response.status,
              true,
              problem.detail,
            ])
            return
          }
          const [[status, schema] = []] = Object.entries(operation.answer) as [string, unknown][]
          expect(String(response.status)).toBe(status)
          const parses = schema as { safeParse(value: unknown): { readonly success: boolean } }
          expect(parses.safeParse(JSON.parse(text)).success).toBe(true)
        }),
        { numRuns: requests, seed: 20260101 },
      )
    })
  },
)
