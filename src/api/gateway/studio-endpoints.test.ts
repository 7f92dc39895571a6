import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Caller, Principal } from '../../contracts/index.ts'
import { openSession } from '../../governance/credentials/index.ts'
import { modelUseRun, seedTenant } from '../../governance/identity/index.ts'
import { defaultProject } from '../../kernel/index.ts'
import type { ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { ApiServer } from '../http/index.ts'
import { openScratchModels } from './scratch-models.ts'
import type { ScratchModels } from './scratch-models.ts'

let models: ScratchModels
let server: ApiServer

beforeAll(async () => {
  models = await openScratchModels()
  server = await models.serveStudio()
})

afterAll(async () => {
  await server.close({ graceMs: 0 })
  await models[Symbol.asyncDispose]()
})

const callerOf = (principal: Principal): Caller => ({
  ...{ principal, via: 'local', credentialId: null, scopes: 'all' },
})

async function tokenOf(
  principal: Principal,
  scopes: readonly string[] = ['models'],
  projects?: readonly ProjectId[],
): Promise<{ readonly id: string; readonly token: string }> {
  const request = { name: 'Test', scopes, projects, lifetimeMs: 3_600_000 }
  return models.services.credentials.createToken(callerOf(principal), request)
}

const openai = (apiKey: string, headers: Record<string, string> = {}): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/gateway/v1`, apiKey, maxRetries: 0, defaultHeaders: headers })
const say = (content: string) => ({ model: 'at-chat', messages: [{ role: 'user' as const, content }] })
const chat = (apiKey: string, headers?: Record<string, string>, content = 'hello') =>
  openai(apiKey, headers).chat.completions.create(say(content))
const refusal = (status: number, code: string) => ({ status, error: { atelier: { code } } })

async function balanceOf({ id, tenantId }: Principal, projectId: ProjectId = defaultProject) {
  const { governance, database, scope } = models.studio
  await governance.door.settled()
  const { runId } = modelUseRun(projectId, id, Date.now())
  const balances = await database.transaction(scope, (tx) => governance.ledger.balances(tx, tenantId, runId))
  const account = balances.find(({ level }) => level === 'run')!
  const { money, tokens } = account.units
  return { runId, spent: tokens.spent, held: tokens.reserved + money.reserved, limit: tokens.limit }
}

describe('models at the address of the studio', () => {
  it('are used with a token by the official clients, on the account of its holder', async () => {
    const { engineer } = models.studio.people
    const { token } = await tokenOf(engineer)
    expect((await openai(token).models.list()).data.map(({ id }) => id)).toContain('at-chat')
    expect((await chat(token)).choices[0]!.message.content).toBe('Good day.')
    const { output_text } = await openai(token).responses.create({ model: 'at-responses', input: 'hello' })
    expect(output_text).toBe('Good day.')
    for (const how of [{ apiKey: token }, { apiKey: null, authToken: token }]) {
      const anthropic = new Anthropic({ ...how, baseURL: `${server.url}/gateway`, maxRetries: 0 })
      const asked = { ...say('hello'), model: 'at-messages', max_tokens: 100 }
      const { content } = await anthropic.messages.stream(asked).finalMessage()
      expect(content).toMatchObject([{ type: 'text', text: 'Good day.' }])
      expect((await anthropic.messages.countTokens(say('hello'))).input_tokens).toBeGreaterThan(0)
    }
    const { runId, spent, held, limit } = await balanceOf(engineer)
    expect([spent > 0, held, limit]).toEqual([true, 0, 100_000])
    await expectOnRecord(runId)
  })

  it('are for nobody without a token that opens them, whatever else a browser sends', async () => {
    const { engineer, approver } = models.studio.people
    const { database, scope, tenantId } = models.studio
    const session = await database.transaction(scope, (tx) =>
      openSession(tx, {
        tenantId,
        principalId: engineer.id,
        device: 'Firefox',
        method: 'link',
      }),
    )
    const post = (headers: Record<string, string>, path = '/v1/messages') =>
      fetch(`${server.url}/gateway${path}`, { method: 'POST', headers, body: '{}' })
    const cookie = `atelier=${session.secret}; __Host-atelier=${session.secret}`
    const answer = await post({ cookie, origin: server.url, 'sec-fetch-site': 'same-origin' })
    expect([answer.status, await answer.json()]).toMatchObject([
      401,
      {
        type: 'error',
        error: { type: 'authentication_error', atelier: { code: 'ATL_API_NOT_AUTHENTICATED' } },
      },
    ])
    const nowhere = await post({}, '/v1/nothing')
    expect([nowhere.status, await nowhere.json()]).toMatchObject([
      404,
      { error: { type: 'invalid_request_error' } },
    ])
    const { token: narrow } = await tokenOf(engineer, ['read', 'work', 'administer'])
    await expect(chat(narrow)).rejects.toMatchObject(refusal(403, 'ATL_API_SCOPE_MISSING'))
    const { token: powerless } = await tokenOf(approver)
    await expect(chat(powerless)).rejects.toMatchObject(refusal(403, 'ATL_DOOR_DENIED'))
    await expect(chat('atl_sk_of-a-task')).rejects.toMatchObject(refusal(401, 'ATL_TOKEN_UNKNOWN'))
    const revoked = await tokenOf(engineer)
    await chat(revoked.token)
    await models.services.credentials.revokeToken(callerOf(engineer), revoked.id)
    await expect(chat(revoked.token)).rejects.toMatchObject(refusal(401, 'ATL_TOKEN_REVOKED'))
    const expired = await tokenOf(engineer)
    await database.transaction(scope, (tx) =>
      tx
        .updateTable('api_tokens')
        .set({ expires_at: sql<Date>`now()` })
        .where('id', '=', expired.id)
        .execute(),
    )
    await expect(chat(expired.token)).rejects.toMatchObject(refusal(401, 'ATL_TOKEN_EXPIRED'))
    const large = await chat((await tokenOf(engineer)).token, {}, 'x'.repeat(200_000)).catch(
      (error: unknown) => error,
    )
    expect(large).toMatchObject(refusal(413, 'ATL_GATEWAY_TOO_LARGE'))
  })

  it('end with the role of the holder, though they were used a moment ago', async () => {
    const { database, scope, people } = models.studio
    const { token } = await tokenOf(people.reporter)
    for (let call = 0; call < 3; call += 1) await chat(token)
    await database.transaction(scope, (tx) =>
      tx.deleteFrom('principal_roles').where('principal_id', '=', people.reporter.id).execute(),
    )
    await expect(chat(token)).rejects.toMatchObject(refusal(403, 'ATL_DOOR_DENIED'))
  })

  it('cost no more in a day than was set for the person, the project and the tenant', async () => {
    const { governance, people, tenantId } = models.studio
    const { owner } = people
    const { token } = await tokenOf(owner)
    const limit = (level: 'person' | 'project' | 'tenant', subject: string, limits: { tokens?: number }) =>
      governance.administration.setLimits(owner, { level, subject }, limits)
    await limit('person', owner.id, { tokens: 0 })
    await expect(chat(token)).rejects.toMatchObject({
      ...refusal(402, 'ATL_BUDGET_EXHAUSTED'),
      code: 'insufficient_quota',
    })
    await limit('person', owner.id, { tokens: 50_000 })
    await chat(token)
    const { spent, held, limit: today } = await balanceOf(owner)
    expect([spent > 0, held, today]).toEqual([true, 0, 50_000])
    // Less than what is used already is no more from now on.
    await limit('person', owner.id, { tokens: 1 })
    await expect(chat(token)).rejects.toMatchObject(refusal(402, 'ATL_BUDGET_EXHAUSTED'))
    await limit('person', owner.id, {})
    await chat(token)
    const { tokens } = (await wide('project', defaultProject)).units
    await limit('project', defaultProject, { tokens: tokens.spent })
    await expect(chat(token)).rejects.toMatchObject(refusal(402, 'ATL_BUDGET_EXHAUSTED'))
    await limit('project', defaultProject, {})
    await limit('tenant', tenantId, { tokens: (await wide('tenant', tenantId)).units.tokens.spent })
    await expect(chat(token)).rejects.toMatchObject(refusal(402, 'ATL_BUDGET_EXHAUSTED'))
    await limit('tenant', tenantId, {})
    await chat(token)
  })

  it('are asked in the project that is named, or the only one of the token, and never in another', async () => {
    const { database, scope, people, tenantId } = models.studio
    const { engineer } = people
    const shop = 'prj_shop' as ProjectId
    await database.transaction(scope, (tx) =>
      tx
        .insertInto('projects')
        .values({ tenant_id: tenantId, id: shop, principal_id: engineer.id, name: 'Shop', settings: '{}' })
        .execute(),
    )
    const { token } = await tokenOf(engineer)
    await chat(token, { 'x-atelier-project': shop })
    const named = await balanceOf(engineer, shop)
    expect(named.spent).toBeGreaterThan(0)
    const { token: ofShop } = await tokenOf(engineer, ['models'], [shop])
    await chat(ofShop)
    expect((await balanceOf(engineer, shop)).spent).toBeGreaterThan(named.spent)
    await expect(chat(ofShop, { 'x-atelier-project': defaultProject })).rejects.toMatchObject(
      refusal(403, 'ATL_DOOR_DENIED'),
    )
    await expect(chat(token, { 'x-atelier-project': 'prj_none' })).rejects.toMatchObject(
      refusal(400, 'ATL_STUDIO_PROJECT_UNKNOWN'),
    )
    await expect(chat(token, { 'x-atelier-project': '../x' })).rejects.toMatchObject(
      refusal(400, 'ATL_GATEWAY_HEADER_INVALID'),
    )
  })

  it('keep tenants apart: accounts, records and kept answers', async () => {
    const { database, testDatabase, people } = models.studio
    const { tenantId } = await testDatabase.createTenant()
    await seedTenant(database, tenantId)
    const stranger = { ...people.owner, tenantId }
    const { token } = await tokenOf(stranger)
    const { token: own } = await tokenOf(people.owner)
    const headers = { 'idempotency-key': 'the same' }
    await chat(own, headers)
    await chat(token, headers)
    const rows = await callsOf(tenantId)
    expect(rows.map(({ run_id }) => run_id)).toEqual([
      modelUseRun(defaultProject, stranger.id, Date.now()).runId,
    ])
    await chat(token, headers)
    expect(await callsOf(tenantId)).toHaveLength(1)
  })

  it('are stopped and paid for as far as they came when the client goes, and when the studio ends', async () => {
    const { engineer } = models.studio.people
    const { token } = await tokenOf(engineer)
    const before = await balanceOf(engineer)
    const stream = await openai(token).chat.completions.create({ ...say('slowly'), stream: true })
    let pieces = 0
    for await (const chunk of stream) {
      pieces += chunk.choices.length
      if (pieces > 3) break
    }
    await vi.waitFor(async () => expect((await balanceOf(engineer)).held).toBe(0), { timeout: 20_000 })
    const cut = await balanceOf(engineer)
    expect(cut.spent - before.spent).toBeGreaterThan(0)
    expect(cut.spent - before.spent).toBeLessThan(400)
    const ending = await models.serveStudio()
    const client = new OpenAI({ baseURL: `${ending.url}/gateway/v1`, apiKey: token, maxRetries: 0 })
    const last = await client.chat.completions.create({ ...say('slowly'), stream: true })
    const reading = (async () => {
      for await (const chunk of last) expect(chunk.object).toBe('chat.completion.chunk')
    })()
    await Promise.all([expect(reading).rejects.toThrow(), ending.close({ graceMs: 100 })])
    expect((await balanceOf(engineer)).held).toBe(0)
  })

  it('are told of to whoever asked, and to those who may read budgets', async () => {
    const { engineer, approver } = models.studio.people
    const { modelUse } = models.services
    const callerOf = (principal: typeof engineer) =>
      ({ principal, via: 'local', credentialId: null, scopes: 'all' }) as const
    const own = await modelUse.ofCaller(callerOf(engineer))
    expect(own.projects.map(({ projectId }) => projectId)).toContain(defaultProject)
    expect(own.projects.some(({ units }) => units.tokens.spent > 0)).toBe(true)
    expect(Date.parse(own.endsAt) - Date.parse(own.day)).toBe(86_400_000)
    expect(await modelUse.of(callerOf(engineer), engineer.id)).toEqual(own)
    await expect(modelUse.of(callerOf(approver), engineer.id)).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
    })
    await expect(modelUse.of(callerOf(engineer), 'person:nobody')).rejects.toMatchObject({
      code: 'ATL_STUDIO_PERSON_UNKNOWN',
    })
  })

  it('close their accounts when the day is long over, with what a dead process had reserved', async () => {
    const { database, scope, governance, people, tenantId } = models.studio
    const { runId } = modelUseRun(defaultProject, people.engineer.id, Date.now())
    const charge = { tenantId, projectId: defaultProject, runId, stepId: 's', actKey: 'lost', attempt: 1 }
    await database.transaction(scope, async (tx) => {
      const worst = { money: 0, tokens: 10, toolCalls: 1, seconds: 0 }
      await governance.ledger.reserve(tx, charge, worst)
      await tx
        .updateTable('mandates')
        .set({ ends_at: sql<Date>`now() - interval '2 hours'` })
        .where('run_id', '=', runId)
        .execute()
    })
    await models.services.upkeep.once()
    expect((await balanceOf(people.engineer)).held).toBe(0)
    const { token } = await tokenOf(people.engineer)
    await expect(chat(token)).rejects.toMatchObject(refusal(403, 'ATL_MANDATE_CLOSED'))
  })
})

async function wide(level: 'tenant' | 'project', subject: string) {
  const { governance, database, scope, tenantId } = models.studio
  await governance.door.settled()
  const balances = await database.transaction(scope, (tx) => governance.ledger.balances(tx, tenantId))
  return balances.find((balance) => balance.level === level && balance.subject === subject)!
}

function callsOf(tenantId: TenantId) {
  const { database, scope } = models.studio
  return database.transaction({ ...scope, tenantId }, (tx) =>
    tx.selectFrom('model_calls').selectAll().where('tenant_id', '=', tenantId).execute(),
  )
}

/** Every call with its provenance, and the decision to let its holder ask. */
async function expectOnRecord(runId: RunId): Promise<void> {
  const { database, scope, tenantId, governance } = models.studio
  const expected = new Set(['relayed chat', 'relayed responses', 'relayed messages'])
  await vi.waitFor(async () => {
    const calls = (await callsOf(tenantId)).filter((call) => call.run_id === runId)
    expect(new Set(calls.map(({ transport, provider }) => `${transport} ${provider}`))).toEqual(expected)
  })
  const actions = await database.transaction(scope, (tx) =>
    tx
      .selectFrom('audit_log')
      .select('action')
      .where('tenant_id', '=', tenantId)
      .where('run_id', '=', runId)
      .execute(),
  )
  expect(actions.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['use-models', 'tool:model.call']),
  )
  expect(await governance.audit.verify(scope)).toMatchObject({ ok: true })
}
