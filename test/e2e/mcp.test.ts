import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from './atelier-process.ts'
import { scratchRepository } from './scratch-repository.ts'

let directory: string
let client: Client

/** Starts `atelier mcp code` as an agent would, with the protocol's own client. */
async function connect(...args: readonly string[]): Promise<Client> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [path.join(packageRoot, 'src/main/cli.ts'), 'mcp', 'code', ...args],
    env: { ...getDefaultEnvironment(), ATELIER_DATA: path.join(directory, 'data') },
    stderr: 'ignore',
  })
  const connected = new Client({ name: 'agent', version: '1.0.0' })
  await connected.connect(transport)
  return connected
}

async function call(name: string, args: Readonly<Record<string, unknown>>, of = client) {
  const result = await of.callTool({ name, arguments: args })
  const [first] = result.content as { readonly type: string; readonly text: string }[]
  return { text: first?.text ?? '', isError: result.isError === true }
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-mcp-'))
  chmodSync(directory, 0o755)
  const repository = scratchRepository('examples/appointments', path.join(directory, 'repository'))
  client = await connect('--repo', repository)
}, 120_000)

afterAll(async () => {
  await client.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the code server', { timeout: 120_000 }, () => {
  test('offers three tools, none of which changes anything', async () => {
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['search_code', 'code_context', 'find_symbol'])
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true)
  })

  test('answers with lines and reasons', async () => {
    const found = await call('search_code', { query: 'free slots of a day', limit: 2 })
    const answer = JSON.parse(found.text) as { hits: { path: string; startLine: number; why: object }[] }
    expect(answer.hits.length).toBeGreaterThan(0)
    expect(answer.hits.length).toBeLessThanOrEqual(2)
    expect(answer.hits[0]).toMatchObject({ startLine: expect.any(Number) as number })
    const { text } = await call('code_context', { title: 'free slots overlap', tokens: 1_000 })
    expect(text).toMatch(/^## \S+:\d+-\d+ @ [0-9a-f]{12}$/m)
    const hit = answer.hits[0]
    const symbol = await call('find_symbol', { name: path.parse(hit?.path ?? '').name })
    expect(symbol.isError).toBe(false)
    expect(JSON.parse(symbol.text)).toMatchObject({ definitions: expect.any(Array) as unknown[] })
  })

  test.each([
    ['search_code', {}, /query/],
    ['search_code', { query: 'x', limit: 100_000 }, /limit/],
    ['search_code', { query: '!!', limit: 1 }, /ATL_CONTEXT_NO_WORDS/],
    ['code_context', { title: 'slots', tokens: 10_000_000 }, /tokens/],
    ['find_symbol', { name: 'x'.repeat(1_000) }, /name/],
    ['write_code', { path: 'a' }, /write_code/],
  ])('refuses %s with %j in words that help', async (name, args, words) => {
    const answer = await call(name, args).catch((error: unknown) => ({ text: String(error), isError: true }))
    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(words)
    expect(answer.text).not.toMatch(/\n\s+at .*\.ts:\d+/)
  })

  test('asks in the name of somebody the studio knows, or not at all', async () => {
    const stranger = await connect('--repo', path.join(directory, 'repository'), '--as', 'stranger')
    try {
      const answer = await call('search_code', { query: 'slots' }, stranger)
      expect(answer).toMatchObject({ isError: true })
      expect(answer.text).toContain('ATL_STUDIO_PERSON_UNKNOWN')
    } finally {
      await stranger.close()
    }
  })
})
