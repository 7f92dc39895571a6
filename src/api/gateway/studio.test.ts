import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createTaskKeyAuthenticator,
  issueTaskKey,
  revokeTaskKeys,
  setMandateState,
} from '../../governance/identity/index.ts'
import type { TaskKeyAuthenticator } from '../../governance/identity/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import type { RunId } from '../../kernel/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { modelNames, openScratchModels } from './scratch-models.ts'
import type { ScratchModels } from './scratch-models.ts'
import { startGatewayServer } from './server.ts'
import type { GatewayServer } from './server.ts'

let models: ScratchModels
let studio: GovernedStudio
let keys: TaskKeyAuthenticator
let server: GatewayServer

beforeAll(async () => {
  models = await openScratchModels()
  ;({ studio } = models)
  keys = createTaskKeyAuthenticator({ database: studio.database })
  server = await startGatewayServer({
    core: models.gateway,
    keys,
    logger: silentLogger,
    listen: [{ host: '127.0.0.1', port: 0 }],
  })
})

afterAll(async () => {
  await server.close()
  await models[Symbol.asyncDispose]()
})

interface Task {
  readonly runId: RunId
  readonly keyId: string
  readonly openai: OpenAI
  readonly anthropic: Anthropic
  /** Tokens that the run has spent, and what it still holds. */
  readonly balance: () => Promise<{ spent: number; held: number }>
}

async function task(
  limits = { money: 1_000_000, tokens: 1_000_000 },
  models: readonly string[] = ['*'],
): Promise<Task> {
  const { tenantId, scope, database, agent: principal } = studio
  const runId = await studio.openRun({ limits })
  const { id, key } = await database.transaction(scope, (tx) =>
    issueTaskKey(tx, {
      tenantId,
      runId,
      stepId: 'develop',
      attempt: 1,
      principal,
      models,
      lifetimeMs: 600_000,
    }),
  )
  return {
    runId,
    keyId: id,
    openai: new OpenAI({ baseURL: `${server.urls[0]!}/v1`, apiKey: key, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: server.urls[0]!, apiKey: key, maxRetries: 0 }),
    balance: async () => {
      await studio.governance.door.settled()
      const balances = await database.transaction(scope, (tx) =>
        studio.governance.ledger.balances(tx, tenantId, runId),
      )
      const units = balances.find(({ level }) => level === 'run')!.units
      return { spent: units.tokens.spent, held: units.tokens.reserved + units.money.reserved }
    },
  }
}

const say = (model: string, content: string) => ({ model, messages: [{ role: 'user' as const, content }] })
const parameters = { type: 'object' as const, properties: { path: { type: 'string' } } }
const chatTools = [{ type: 'function' as const, function: { name: 'read_file', parameters } }]
const input = { path: 'a.md' }

describe.each(modelNames)('through the whole gateway, %s', (model) => {
  it('is used by the official client of OpenAI in chats, with tools and their results', async () => {
    const { openai, balance } = await task()
    const asked = { ...say(model, 'read a.md'), tools: chatTools }
    const { choices } = await openai.chat.completions.create(asked)
    const { message } = choices[0]!
    expect(message.content).toBe('I read. Ünï✓')
    const call = message.tool_calls![0]!
    expect(call.type === 'function' && JSON.parse(call.function.arguments)).toEqual(input)
    const result = { role: 'tool' as const, tool_call_id: call.id, content: 'wisdom' }
    const stream = openai.chat.completions.stream({
      ...asked,
      messages: [...asked.messages, message, result],
      stream_options: { include_usage: true },
    })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]!.message.content).toBe('It says: wisdom')
    expect(final.usage!.prompt_tokens).toBeGreaterThan(0)
    await vi.waitFor(async () => expect((await balance()).held).toBe(0), { timeout: 20_000 })
    expect((await balance()).spent).toBeGreaterThan(final.usage!.total_tokens)
  })

  it('is used by the official client of OpenAI in responses', async () => {
    const { openai } = await task()
    const asked = {
      model,
      input: 'read a.md',
      tools: [{ type: 'function' as const, name: 'read_file', parameters, strict: false }],
    }
    const final = await openai.responses.stream(asked).finalResponse()
    expect(final.output_text).toBe('I read. Ünï✓')
    const call = final.output.find((item) => item.type === 'function_call')!
    expect(JSON.parse(call.arguments)).toEqual(input)
    const whole = await openai.responses.create({
      ...asked,
      input: [
        { role: 'user', content: 'read a.md' },
        { type: 'function_call', call_id: call.call_id, name: call.name, arguments: call.arguments },
        { type: 'function_call_output', call_id: call.call_id, output: 'wisdom' },
      ],
    })
    expect(whole.output_text).toBe('It says: wisdom')
  })

  it('is used by the official client of Anthropic', async () => {
    const { anthropic } = await task()
    const asked = {
      ...say(model, 'read a.md'),
      max_tokens: 500,
      tools: [{ name: 'read_file', input_schema: parameters }],
    }
    const final = await anthropic.messages.stream(asked).finalMessage()
    expect(final.stop_reason).toBe('tool_use')
    expect(final.content.find(({ type }) => type === 'text')).toMatchObject({ text: 'I read. Ünï✓' })
    const call = final.content.find((block) => block.type === 'tool_use')!
    expect(call.input).toEqual(input)
    const whole = await anthropic.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: 'assistant', content: final.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'wisdom' }] },
      ],
    })
    expect(whole.content.find(({ type }) => type === 'text')).toMatchObject({ text: 'It says: wisdom' })
    expect(whole.usage.output_tokens).toBeGreaterThan(0)
  })

  it('tells what the provider refuses, and charges nothing for it', async () => {
    const { openai, anthropic, balance } = await task()
    await expect(openai.chat.completions.create(say(model, 'too long'))).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    })
    await expect(anthropic.messages.create({ ...say(model, 'busy'), max_tokens: 10 })).rejects.toMatchObject({
      status: 429,
      error: { error: { type: 'rate_limit_error', atelier: { code: 'ATL_MODEL_RATE_LIMITED' } } },
    })
    expect(await balance()).toEqual({ spent: 0, held: 0 })
  })
})

describe('a key', () => {
  it('opens the models it names and no others, which it cannot tell from none', async () => {
    const { openai } = await task(undefined, ['at-chat'])
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['at-chat'])
    for (const model of ['at-messages', 'nothing'])
      await expect(openai.chat.completions.create(say(model, 'hello'))).rejects.toMatchObject({
        status: 403,
        error: { atelier: { code: 'ATL_MODEL_NOT_ALLOWED' } },
      })
  })

  it('spends the budget of its run and not a token more', async () => {
    const { openai, balance } = await task({ money: 1_000_000, tokens: 0 })
    await expect(openai.chat.completions.create(say('at-chat', 'hello'))).rejects.toMatchObject({
      status: 402,
      code: 'insufficient_quota',
    })
    expect(await balance()).toEqual({ spent: 0, held: 0 })
  })

  it('ends when it is revoked, and with its run', async () => {
    const { tenantId, scope, database } = studio
    const [revoked, ended] = [await task(), await task()]
    await database.transaction(scope, async (tx) => {
      await revokeTaskKeys(tx, tenantId, { keyId: revoked.keyId })
      await setMandateState(tx, tenantId, ended.runId, 'closed')
    })
    keys.forget()
    for (const { openai } of [revoked, ended])
      await expect(openai.chat.completions.create(say('at-chat', 'hello'))).rejects.toMatchObject({
        status: 401,
        error: { atelier: { code: 'ATL_KEY_REVOKED' } },
      })
  })
})

describe('a call', () => {
  it('is made once for one idempotency key', async () => {
    const { openai, balance } = await task()
    const ask = () =>
      openai.chat.completions.create(say('at-chat', 'hello'), { headers: { 'idempotency-key': 'once' } })
    const first = await ask()
    const { spent } = await balance()
    expect((await ask()).choices[0]!.message.content).toBe(first.choices[0]!.message.content)
    const streamed = await openai.chat.completions
      .stream(say('at-chat', 'hello'), { headers: { 'idempotency-key': 'once' } })
      .finalContent()
    expect(streamed).toBe('Good day.')
    expect((await balance()).spent).toBe(spent)
  })

  it.each(modelNames)(
    'that its caller gives up is stopped and paid for as far as it came, %s',
    async (model) => {
      const { openai, balance } = await task()
      const stream = await openai.chat.completions.create({ ...say(model, 'slowly'), stream: true })
      let pieces = 0
      for await (const chunk of stream) {
        pieces += chunk.choices.length
        if (pieces > 3) break
      }
      await vi.waitFor(async () => expect((await balance()).held).toBe(0), { timeout: 20_000 })
      const { spent } = await balance()
      expect(spent).toBeGreaterThan(0)
      expect(spent).toBeLessThan(400)
    },
  )
})
