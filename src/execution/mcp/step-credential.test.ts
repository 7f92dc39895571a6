import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { decodeJwt } from 'jose'
import type { JWTPayload } from 'jose'
import { sql } from 'kysely'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createStepKeys,
  issueStepCredential,
  longestStepLifetimeMs,
} from '../../governance/credentials/index.ts'
import { createId, type RunId, systemClock } from '../../kernel/index.ts'
import {
  createGovernedStudio,
  type GovernedStudio,
  movableClock,
  ScratchWorkbench,
} from '../../testing/index.ts'
import { createServer } from './fixtures/server.ts'
import { stepVerifier } from './fixtures/step-verification.ts'
import { McpServers, mcpMigrations, parseMcpServers } from './index.ts'

let studio: GovernedStudio
let workbench: ScratchWorkbench
let servers: McpServers
/** Where the studio publishes its keys. */
let issuer: string
/** The address of the server that verifies what it is shown, and what it was shown. */
let url: string
const shown: { readonly tool: string | undefined; readonly authorization: string; step?: JWTPayload }[] = []
/** Headers of what came to where the server redirects to. */
const elsewhere: NodeJS.Dict<string | string[]>[] = []
const logged: unknown[] = []
const clock = movableClock()
const listening: Server[] = []
const logger = { log: (...record: unknown[]) => void logged.push(record), child: () => logger }

async function listen(listener: RequestListener): Promise<string> {
  const http = createHttpServer(listener)
  http.listen(0, '127.0.0.1')
  await new Promise((resolve) => http.once('listening', resolve))
  listening.push(http)
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** A server as people would write it: it does nothing for whom it does not know, and says what it thinks of them. */
const verifying: RequestListener = (request, response) => {
  void (async () => {
    const { authorization = '' } = request.headers
    const message = (await json(request)) as { method?: string; params?: { name?: string } }
    const tool = message.method === 'tools/call' ? message.params?.name : undefined
    const visit: (typeof shown)[number] = { tool, authorization }
    shown.push(visit)
    try {
      visit.step = await stepVerifier({ studio: issuer, audience: url })(authorization, tool)
    } catch (error) {
      return response.writeHead(401).end(`${String(error)}; you sent ${authorization}`)
    }
    const transport = new StreamableHTTPServerTransport({})
    const server = createServer(`echoes ${authorization}`)
    response.on('close', () => void transport.close())
    await server.connect(transport)
    return transport.handleRequest(request, response, message)
  })()
}

function remote(name: string, more: object = {}) {
  const tools = { add: 'read', write: 'read' }
  return { name, transport: 'http', url, allowPrivate: true, credential: 'step', tools, ...more }
}

beforeAll(async () => {
  studio = await createGovernedStudio({ migrations: mcpMigrations })
  workbench = await ScratchWorkbench.open()
  const { database } = studio
  const keys = createStepKeys({ database, longestLifetimeMs: longestStepLifetimeMs })
  issuer = await listen((_request, response) => {
    void keys.published().then((published) => response.end(JSON.stringify(published)))
  })
  url = `${await listen(verifying)}/mcp`
  const other = await listen(({ headers }, response) => {
    elsewhere.push(headers)
    response.writeHead(404).end()
  })
  const leading = (place: string) =>
    listen(({ url: path, headers }, response) => {
      if (path === '/moved') elsewhere.push(headers)
      response.writeHead(307, { location: place }).end()
    })
  const { sandboxes, limits, toolchain } = workbench.places
  servers = new McpServers({
    servers: parseMcpServers([
      remote('known'),
      remote('pretender', { url: `${url}?other` }),
      remote('leading', { url: `${await leading(`${other}/mcp`)}/mcp` }),
      remote('moving', { url: `${await leading('/moved')}/mcp` }),
    ]),
    database,
    clock: systemClock,
    sandboxes,
    limits,
    toolchain,
    secrets: () => Promise.resolve(undefined),
    issueCredential: (request) => issueStepCredential({ keys, issuer, clock }, request),
  })
  for (const { tool, seen } of await servers.inspect('known', asking()))
    await database.transaction(studio.scope, (tx) =>
      servers.accept(tx, { server: 'known', tool, digest: seen?.digest ?? '' }, studio.people.owner),
    )
})
afterAll(async () => {
  await servers.close()
  for (const server of listening) {
    server.closeAllConnections()
    server.close()
  }
  await workbench[Symbol.asyncDispose]()
  await studio[Symbol.asyncDispose]()
})

const asking = () => ({
  tenantId: studio.tenantId,
  runId: createId('inspection') as RunId,
  principal: studio.people.owner,
  logger,
  signal: new AbortController().signal,
})

/** Calls a tool as a step does: by the door, on record. */
async function call(tool: string, stepId: string, runId: RunId, more: object = {}) {
  const { tools } = await servers.offer(studio.scope, [`mcp.known.${tool}`])
  const written = tool === 'add' ? { a: 20, b: 22 } : {}
  const request = studio.request(runId, { stepId, key: `${runId}/${stepId}/${tool}`, logger, ...more })
  return studio.governance.door.act(tools[0]!, { arguments: written }, request)
}

const unreachable = { code: 'ATL_MCP_UNREACHABLE' }

describe('a server that is to know which step asks', () => {
  test('is told who calls, for whom, and which tool, by the published keys alone', async () => {
    const runId = await studio.openRun()
    shown.length = 0
    expect(await call('add', 'develop', runId)).toMatchObject({ structured: { sum: 42 } })
    await call('write', 'review', runId)
    const calls = shown.filter(({ tool }) => tool !== undefined)
    expect(calls.map(({ step }) => step)).toMatchObject(
      [
        ['develop', 'add'],
        ['review', 'write'],
      ].map(([step, tool]) => ({
        iss: issuer,
        aud: url,
        sub: studio.service.id,
        tenant: studio.tenantId,
        run: runId,
        step,
        attempt: 1,
        tools: [tool],
      })),
    )
    // What comes before a call opens no tool; each step has a session of its own, and no request shares a credential.
    expect(shown.filter(({ tool }) => tool === undefined).map(({ step }) => step?.['tools'])).toEqual(
      Array(shown.length - 2).fill([]),
    )
    expect(new Set(shown.map(({ authorization }) => authorization)).size).toBe(shown.length)
    expect(shown.filter(({ step }) => step?.['step'] === 'review').length).toBe(4)
  })

  test('believes no credential for another tool, for another server, or of another time', async () => {
    const runId = await studio.openRun()
    shown.length = 0
    await call('add', 'develop', runId)
    const { authorization = '' } = shown.find(({ tool }) => tool === 'add') ?? {}
    const verify = stepVerifier({ studio: issuer, audience: url })
    await expect(verify(authorization, 'add')).resolves.toMatchObject({ run: runId })
    await expect(verify(authorization, 'write')).rejects.toThrow('not for write')
    await expect(verify(undefined, undefined)).rejects.toThrow()
    const forOther = stepVerifier({ studio: issuer, audience: 'https://other.example.org/mcp' })
    await expect(forOther(authorization, 'add')).rejects.toThrow(/aud/)
    await expect(servers.inspect('pretender', asking())).rejects.toMatchObject(unreachable)
    // Over with the time of one call, and so with the step: later requests need later credentials.
    const { iat = 0, exp = 0 } = decodeJwt(authorization.slice('Bearer '.length))
    expect(exp - iat).toBe(60)
    clock.advance(-70_000)
    await expect(servers.inspect('known', asking())).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining('exp') as string,
    })
    clock.advance(70_000)
    await servers.inspect('known', asking())
  })

  test('shows the credential to no other address, wherever it leads', async () => {
    await expect(servers.inspect('leading', asking())).rejects.toMatchObject(unreachable)
    expect(elsewhere).toEqual([])
    await expect(servers.inspect('moving', asking())).rejects.toMatchObject(unreachable)
    expect(elsewhere.length).toBeGreaterThan(0)
    expect(elsewhere.filter(({ authorization }) => authorization !== undefined)).toEqual([])
  })

  test('is repeated by nobody when it tells what it was shown', async () => {
    const runId = await studio.openRun()
    shown.length = 0
    const { text } = (await call('add', 'develop', runId)) as { text: string }
    expect(text).toContain('[redacted:')
    clock.advance(-70_000)
    await expect(call('write', 'late', runId)).rejects.toMatchObject(unreachable)
    await expect(servers.inspect('known', asking())).rejects.toMatchObject(unreachable)
    clock.advance(70_000)
    const kept = JSON.stringify(logged) + text + (await everythingStored())
    expect(kept).toContain(runId)
    for (const { authorization } of shown) {
      const signature = authorization.split('.')[2] ?? authorization
      expect(signature.length).toBeGreaterThan(20)
      expect(kept).not.toContain(signature)
    }
  })

  test('can copy how to verify from the documentation', async () => {
    const fixture = await readFile(join(import.meta.dirname, 'fixtures/step-verification.ts'), 'utf8')
    const page = await readFile(join(import.meta.dirname, '../../../docs/mcp.md'), 'utf8')
    expect(page).toContain(fixture.trim())
  })
})

test.each([
  ['beside a header that says something else', { headers: { Authorization: 'Bearer x' } }],
  ['over a line that others can read', { url: 'http://mcp.example.org/mcp' }],
  ['of some other kind', { credential: 'run' }],
])('a credential %s is refused', (_what, more) => {
  expect(() => parseMcpServers([remote('one', { url: 'https://mcp.example.org/mcp', ...more })])).toThrow(
    expect.objectContaining({ code: 'ATL_MCP_CONFIGURATION_INVALID' }),
  )
})

/** Every row of every table as text; what is stored as bytes too. */
async function everythingStored(): Promise<string> {
  return studio.database.transaction(studio.scope, async (tx) => {
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(tx)
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(tx)
      texts.push(
        JSON.stringify(rows, (_key, value: unknown) =>
          isBytes(value) ? Buffer.from(value.data).toString('utf8') : value,
        ),
      )
    }
    return texts.join('\n')
  })
}

/** A buffer as JSON has it. */
function isBytes(value: unknown): value is { readonly data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}
