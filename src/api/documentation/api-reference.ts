import type { ApiDescription, ApiOperation, ApiParameter, JsonSchema } from '../../contracts/api/index.ts'
import type { Source } from './page.ts'
import { clientExample, curlExample, isStream, type Route } from './request-example.ts'
import { boundsOf, schemaText, shapesIn } from './schema-text.ts'

/** A text that is made, and stands in the navigation. */
export interface GeneratedSource extends Source {
  readonly title: string
}

const overview = 'docs/reference/api.md'
const shapesPage = 'docs/reference/shapes.md'

/** The reference of the API as texts: all operations in short, a text for those of each tag, and the shapes. */
export function apiReference(api: ApiDescription): GeneratedSource[] {
  const page = (file: string, title: string, write: (api: ApiDescription) => string): GeneratedSource => ({
    file,
    path: file.replace(/^docs\/|\.md$/g, ''),
    title,
    read: () => Promise.resolve(write(api)),
  })
  return [
    page(overview, 'Operations of the API', overviewText),
    ...api.tags.map(({ name }) =>
      page(`docs/reference/${name}.md`, `API: ${name}`, () => tagText(api, name)),
    ),
    page(shapesPage, 'Shapes of the API', shapesText),
  ]
}

function routesOf({ paths }: ApiDescription): Route[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

function overviewText(api: ApiDescription): string {
  const routes = routesOf(api)
  const sections = api.tags.map(({ name }) => {
    const rows = routes
      .filter(({ operation }) => operation.tags.includes(name))
      .map(({ method, path, operation }) => [
        `[\`${operation.operationId}\`](${name}.md#${operation.operationId.toLowerCase()})`,
        `\`${method} ${path}\``,
        cell(operation.summary),
      ])
    return `## ${name}\n\n${table(['operation', 'address', 'what it does'], rows)}`
  })
  return `# Operations of the API

All ${routes.length} operations, as the OpenAPI document at \`/api/v1/openapi.json\` describes them. [The API](../api.md) says what holds
for all of them: who calls, failures, lists, streams, limits. The examples expect the address of the studio in \`$STUDIO\` and
[a token](../identity.md#api-tokens) in \`$TOKEN\`.

${sections.join('\n\n')}
`
}

function tagText(api: ApiDescription, tag: string): string {
  const own = routesOf(api).filter(({ operation }) => operation.tags.includes(tag))
  return `# API: ${tag}\n\n${own.map((route) => operationText(route, api)).join('\n\n')}\n`
}

function operationText(route: Route, api: ApiDescription): string {
  const { method, path, operation } = route
  const { schemas } = api.components
  const body = operation.requestBody?.content['application/json']?.schema
  return [
    `## ${operation.operationId}`,
    `${operation.summary}.`,
    ...(operation.description === undefined ? [] : [operation.description]),
    fence('http', `${method} ${path}`),
    whoMay(operation),
    ...(operation.parameters.length === 0 ? [] : [parameterTable(operation.parameters)]),
    ...(body === undefined ? [] : ['**Body**', shapeText(body)]),
    ...answerText(operation),
    `**Failures** ${failuresOf(operation)
      .map(([status, code]) => `${status} \`${code}\``)
      .join(', ')}; and what the operation itself finds wrong, see [errors](../errors.md).`,
    '**Example**',
    fence('bash', curlExample(route, schemas)),
    fence('typescript', clientExample(route, schemas)),
  ].join('\n\n')
}

function whoMay(operation: ApiOperation): string {
  const access = operation['x-atelier-access']
  if (access !== undefined)
    return `**Access** whoever policies permit \`${access.action}\` on the ${access.resource}; a token needs a scope that opens it.`
  return operation.security === undefined
    ? '**Access** everybody who is signed in, about themselves.'
    : '**Access** everybody.'
}

function parameterTable(parameters: readonly ApiParameter[]): string {
  const rows = parameters.map(({ name, in: place, required, schema, description }) => [
    `\`${name}\``,
    place,
    `\`${cell(schemaText(schema).replaceAll(/\s*\n\s*/g, ' '))}\``,
    required ? 'yes' : '',
    cell([description ?? '', boundsOf(schema)].filter((part) => part !== '').join(' ')),
  ])
  return table(['parameter', 'in', 'type', 'required', 'meaning'], rows)
}

function answerText(operation: ApiOperation): string[] {
  const [[status, answer] = []] = Object.entries(operation.responses)
  if (status === undefined || answer?.content === undefined) return ['**Answer** 204, with nothing in it.']
  const event = answer.content['text/event-stream']?.['x-atelier-event']
  if (event !== undefined)
    return [
      `**Answer** ${status}, server-sent events until the client goes; the data of each is`,
      shapeText(event),
    ]
  const schema = answer.content['application/json']?.schema
  return schema === undefined ? [] : [`**Answer** ${status}`, shapeText(schema)]
}

/** Statuses and codes of what every operation of this kind may answer, whatever it does. */
export function failuresOf(operation: ApiOperation): (readonly [status: number, code: string])[] {
  const { parameters, requestBody, security } = operation
  const has = (name: string): ApiParameter | undefined => parameters.find((one) => one.name === name)
  const match = has('If-Match')
  const when = (holds: boolean, ...failures: (readonly [number, string])[]): (readonly [number, string])[] =>
    holds ? failures : []
  return [
    ...when(parameters.length > 0 || requestBody !== undefined, [400, 'ATL_API_REQUEST_INVALID']),
    ...when(requestBody !== undefined, [400, 'ATL_API_BODY_INVALID']),
    ...when(security === undefined, [401, 'ATL_API_NOT_AUTHENTICATED']),
    ...when(operation['x-atelier-access'] !== undefined, [403, 'ATL_API_SCOPE_MISSING']),
    ...when(has('Idempotency-Key') !== undefined, [409, 'ATL_API_KEY_BUSY'], [422, 'ATL_API_KEY_REUSED']),
    ...when(match !== undefined, [412, 'ATL_API_CHANGED_MEANWHILE']),
    ...when(match?.required === true, [428, 'ATL_API_MATCH_REQUIRED']),
    ...when(requestBody !== undefined, [413, 'ATL_API_BODY_TOO_LARGE']),
    [429, isStream(operation) ? 'ATL_API_TOO_MANY_STREAMS' : 'ATL_API_TOO_MANY_REQUESTS'],
    [503, isStream(operation) ? 'ATL_API_CLOSING' : 'ATL_API_TIMED_OUT'],
  ]
}

function shapesText({ components }: ApiDescription): string {
  const sections = Object.entries(components.schemas).map(
    ([name, schema]) => `## ${name}\n\n${shapeText(schema, name)}`,
  )
  return `# Shapes of the API

What operations take and answer, by the names that the OpenAPI document gives. A member with \`?\` may be absent.

${sections.join('\n\n')}
`
}

/** A shape as code, followed by links to the shapes that it names. */
function shapeText(schema: JsonSchema, own?: string): string {
  const named = shapesIn(schema).filter((name) => name !== own)
  const links = named.map((name) => `[${name}](shapes.md#${name.toLowerCase()})`)
  const code = fence('typescript', schemaText(schema))
  return links.length === 0 ? code : `${code}\n\nShapes: ${links.join(', ')}.`
}

export function fence(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``
}

/** A table of Markdown; what is in the cells is Markdown too. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text for a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
}
