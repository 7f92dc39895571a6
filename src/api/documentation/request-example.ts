import type { ApiOperation, JsonSchema } from '../../contracts/api/index.ts'
import { exampleOf } from './schema-example.ts'

/** An operation where it is to be asked. */
export interface Route {
  /** In capitals. */
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

type Shapes = Readonly<Record<string, JsonSchema>>

/** The body that an example sends; undefined where there is none. */
export function exampleBody({ requestBody }: ApiOperation, shapes: Shapes): unknown {
  const schema = requestBody?.content['application/json']?.schema
  return schema === undefined ? undefined : exampleOf(schema, shapes)
}

/** The operation asked for with curl. The address of the studio and a token are in the environment. */
export function curlExample({ method, path, operation }: Route, shapes: Shapes): string {
  const body = exampleBody(operation, shapes)
  const query = required(operation, 'query').map(
    ({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, shapes, name)))}`,
  )
  const implied = body === undefined ? 'GET' : 'POST'
  const parts = [
    isStream(operation) ? 'curl -N' : 'curl',
    ...(method === implied ? [] : [`-X ${method}`]),
    ...(operation.security === undefined ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...required(operation, 'header').map(({ name }) => `-H "${name}: $ETAG"`),
    ...(body === undefined ? [] : [`--json '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`]),
    `"$STUDIO${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => shellName(name))}${query.length === 0 ? '' : `?${query.join('&')}`}"`,
  ]
  return parts.join(' \\\n  ')
}

/** The operation asked for with the client of the project. */
export function clientExample({ operation }: Route, shapes: Shapes): string {
  const body = exampleBody(operation, shapes)
  const members = [
    ...requiredMembers(operation, 'path', 'params', shapes),
    ...requiredMembers(operation, 'query', 'query', shapes),
    ...(body === undefined ? [] : [`body: ${literal(body, '  ')}`]),
    ...required(operation, 'header').map(() => 'ifMatch: etag'),
  ]
  const line = `{ ${members.join(', ')} }`
  const isShort = line.length < 60 && !line.includes('\n')
  const request =
    members.length === 0 ? '' : isShort ? line : `{\n${members.map((one) => `  ${one},\n`).join('')}}`
  const call = `client.${operation.operationId}(${request})`
  if (isStream(operation)) return `for await (const event of ${call}) console.log(event)`
  return '204' in operation.responses ? `await ${call}` : `const answer = await ${call}`
}

export function isStream({ responses }: ApiOperation): boolean {
  return responses['200']?.content?.['text/event-stream'] !== undefined
}

function required({ parameters }: ApiOperation, place: 'path' | 'query' | 'header') {
  return parameters.filter((parameter) => parameter.in === place && parameter.required)
}

function requiredMembers(
  operation: ApiOperation,
  place: 'path' | 'query',
  member: string,
  shapes: Shapes,
): string[] {
  const parameters = required(operation, place)
  if (parameters.length === 0) return []
  const inner = parameters.map(({ name, schema }) =>
    place === 'path' ? name : `${name}: ${literal(exampleOf(schema, shapes, name), '')}`,
  )
  return [`${member}: { ${inner.join(', ')} }`]
}

function shellName(name: string): string {
  return `$${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** A value as TypeScript writes it. */
function literal(value: unknown, indent: string): string {
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : `'${value}'`
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner, `${indent}  `)}`)
  if (members.length === 0) return '{}'
  const line = `{ ${members.join(', ')} }`
  if (line.length + indent.length < 80 && !line.includes('\n')) return line
  return `{\n${members.map((member) => `${indent}  ${member},\n`).join('')}${indent}}`
}
