import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient, type RequestFailure } from '../client/index.ts'
import { giveAnswer, openQuestionSchema } from '../../control/questions/index.ts'
import { silentLogger, systemClock } from '../../kernel/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'

let studio: ScratchStudio
let tenant: ScratchTenant

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

function as(name: keyof ScratchTenant['authorization']): Client {
  return createClient({ baseUrl: studio.url, headers: { authorization: tenant.authorization[name] } })
}

const codeOf = (result: PromiseSettledResult<unknown>): string =>
  result.status === 'fulfilled' ? 'done' : (result.reason as RequestFailure).code

describe('a decision', () => {
  it('is made once, whoever else decides at the same time', async () => {
    const { runId, request } = await tenant.waitingRun()
    const decision = {
      params: { approvalId: request.id },
      body: { verdict: 'approved' as const, subject: request.subjectDigest },
    }
    const results = await Promise.allSettled([
      as('approver').decideApproval(decision),
      as('owner').decideApproval(decision),
      as('approver').decideApproval(decision),
    ])
    expect(results.map(codeOf).sort()).toEqual(['ATL_APPROVAL_CONFLICT', 'ATL_APPROVAL_CONFLICT', 'done'])
    await expect(as('owner').decideApproval(decision)).rejects.toMatchObject({ status: 409 })
    await expect
      .poll(async () => (await as('viewer').getRun({ params: { runId } })).outcome, { timeout: 30_000 })
      .toBe('delivered')
  })

  it('that is repeated with its key is the same decision', async () => {
    const { request } = await tenant.waitingRun()
    const decide = () =>
      as('approver').decideApproval({
        params: { approvalId: request.id },
        body: { verdict: 'rejected', reason: 'not so', subject: request.subjectDigest },
        idempotencyKey: `reject-${request.id}`,
      })
    expect(await decide()).toEqual(await decide())
  })

  it('about something else than what is there is refused, and needs a reason to refuse', async () => {
    const { request } = await tenant.waitingRun()
    const params = { approvalId: request.id }
    const client = as('approver')
    await expect(
      client.decideApproval({ params, body: { verdict: 'approved', subject: 'sha256:forged' } }),
    ).rejects.toMatchObject({ code: 'ATL_APPROVAL_SUBJECT_CHANGED', status: 409 })
    await expect(
      client.decideApproval({
        params,
        body: { verdict: 'rejected', reason: ' ', subject: request.subjectDigest },
      }),
    ).rejects.toMatchObject({ code: 'ATL_API_REQUEST_INVALID', status: 400 })
    expect((await client.getApproval({ params })).status).toBe('pending')
  })

  it('for changes starts the work again, with what people said', async () => {
    const { runId, request } = await tenant.waitingRun()
    const place = { path: 'src/a.js', line: 1, side: 'new' as const }
    await as('engineer').addComment({ params: { runId }, body: { body: 'Three, please.', place } })
    const { approval, followUpRunId } = await as('approver').decideApproval({
      params: { approvalId: request.id },
      body: { verdict: 'changes-requested', reason: 'Not two.', subject: request.subjectDigest },
    })
    expect(approval).toMatchObject({ status: 'changes-requested', decisions: [{ by: 'person:approver' }] })
    const again = await as('viewer').getWorkItem({
      params: { workItemId: followUpRunId?.replace('run_', 'work_') ?? '' },
    })
    expect(again).toMatchObject({ requester: 'person:requester', source: `follow-up:${runId}` })
    expect(again.body).toContain('- Not two.\n- src/a.js:1: Three, please.\n')
    await expect(
      as('engineer').addComment({
        params: { runId },
        body: { body: 'x', place: { ...place, path: 'other.js' } },
      }),
    ).rejects.toMatchObject({ code: 'ATL_STUDIO_NO_SUCH_LINE' })
  })
})

describe('a question of an agent', () => {
  const told = async (runId: string): Promise<unknown> => {
    const { output } = await as('viewer').getStep({ params: { runId, stepId: 'ask' } })
    return output
  }

  it('is answered by who has a say in the run, once, and the agent goes on with that', async () => {
    const runId = await tenant.askingRun()
    const params = { runId }
    const { report, may } = await as('viewer').getRun({ params })
    expect(report.question).toMatchObject({ question: 'Up or down?', options: ['up', 'down'] })
    expect(may).toEqual([])
    expect((await as('requester').getRun({ params })).may).toContain('answer')
    const asked = async (name: 'requester' | 'engineer' | 'approver') =>
      (await as(name).listInbox({ query: { kind: 'question' } })).items.filter((item) => item.runId === runId)
    expect(await asked('requester')).toMatchObject([
      { headline: 'Up or down?', question: { askedBy: 'agent:asker' } },
    ])
    expect(await asked('engineer')).toHaveLength(1)
    expect(await asked('approver')).toEqual([])
    await expect(as('approver').replyToRun({ params, body: { text: 'Up.' } })).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
      status: 403,
    })
    await expect(
      as('requester').replyToRun({ params, body: { text: 'Up.', question: 'another' } }),
    ).rejects.toMatchObject({ code: 'ATL_QUESTION_CHANGED', status: 409 })
    const question = report.question?.id ?? ''
    await as('requester').replyToRun({ params, body: { text: 'Up.', question } })
    await expect.poll(() => told(runId), { timeout: 30_000 }).toEqual({ text: 'Up.', by: 'person:requester' })
    expect(await asked('requester')).toEqual([])
    await expect(as('engineer').replyToRun({ params, body: { text: 'Down.' } })).rejects.toMatchObject({
      code: 'ATL_QUESTION_NOT_ASKED',
      status: 409,
    })
  })

  it('that was answered is taken up, although whoever took the answer in died', async () => {
    const runId = await tenant.askingRun()
    const { report } = await as('viewer').getRun({ params: { runId } })
    const question = openQuestionSchema.parse(report.question)
    const { governance, database } = studio.governed
    await giveAnswer(
      { database, door: governance.door, clock: systemClock, logger: silentLogger },
      {
        tenantId: tenant.id,
        runId,
        stepId: 'ask',
        question,
        person: tenant.callers.engineer.principal,
        text: 'Down.',
      },
    )
    await studio.services.upkeep.once()
    await expect
      .poll(() => told(runId), { timeout: 30_000 })
      .toEqual({ text: 'Down.', by: 'person:engineer' })
  })
})

describe('the inbox', () => {
  it('shows what a person may decide, page by page, and nobody their own work', async () => {
    const own = await studio.createTenant()
    for (let runs = 0; runs < 3; runs += 1) await own.waitingRun()
    const inboxOf = (name: keyof ScratchTenant['authorization']) => {
      const headers = { authorization: own.authorization[name] }
      return createClient({ baseUrl: studio.url, headers })
    }
    expect((await inboxOf('requester').listInbox()).items).toEqual([])
    expect((await inboxOf('viewer').listInbox()).items).toEqual([])
    const seen: string[] = []
    let after: string | undefined
    do {
      const query = { limit: 2, ...(after === undefined ? {} : { after }) }
      const page = await inboxOf('approver').listInbox({ query })
      seen.push(...page.items.map(({ runId }) => runId))
      expect(page.items[0]).toMatchObject({
        kind: 'approval',
        headline: 'Two instead of one.',
        risk: 'low',
        change: { added: 1 },
        evidence: ['fixed: a.test.js > a', '1 test passes, 0 fail'],
      })
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(new Set(seen).size).toBe(3)
  })

  it('lets each person see to a failure by themselves, until the run fails again', async () => {
    const own = await studio.createTenant()
    const of = (name: keyof ScratchTenant['authorization']) =>
      createClient({ baseUrl: studio.url, headers: { authorization: own.authorization[name] } })
    const failures = async (name: 'requester' | 'operator') =>
      (await of(name).listInbox({ query: { kind: 'failure' } })).items.map((item) => item.runId)
    const params = { runId: await own.askingRun() }
    await of('requester').replyToRun({ params, body: { text: 'Fail.' } })
    await studio.services.upkeep.once()
    await expect.poll(() => failures('requester'), { timeout: 30_000 }).toEqual([params.runId])
    await Promise.all([
      of('requester').dismissFromInbox({ params }),
      of('requester').dismissFromInbox({ params }),
    ])
    expect(await failures('requester')).toEqual([])
    expect(await failures('operator')).toEqual([params.runId])

    await of('requester').resumeRun({ params })
    await expect.poll(() => failures('requester'), { timeout: 30_000 }).toEqual([params.runId])
  })
})

describe('the stream of a tenant', () => {
  it('goes on where it was cut, without loss or repetition, and tells nothing of other tenants', async () => {
    const own = await studio.createTenant()
    const headers = { authorization: own.authorization.viewer }
    const seen: string[] = []
    let cut = 0
    const client = createClient({
      baseUrl: studio.url,
      headers,
      // A network that breaks every stream in the middle of an event.
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (response.body === null || (cut += 1) > 6) return response
        const body = response.body.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, controller) {
              controller.enqueue(chunk.subarray(0, Math.ceil(chunk.length * 0.6)))
              controller.terminate()
            },
          }),
        )
        return new Response(body, { status: response.status, headers: response.headers })
      },
    })
    const stop = new AbortController()
    const watching = (async () => {
      for await (const { runId, sequence } of client.watchTenant({
        signal: stop.signal,
        lastEventId: '0.0.',
      }))
        seen.push(`${runId} ${sequence}`)
    })()
    const { runId } = await own.waitingRun()
    await tenant.waitingRun()
    const expected: string[] = []
    for await (const event of await studio.services.runs.watch(own.callers.owner, runId, { follow: false }))
      if (event.kind !== 'log') expected.push(`${runId} ${event.sequence}`)
    await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(expected.length)
    stop.abort()
    await watching
    expect(seen).toEqual(expected)
    expect(cut).toBeGreaterThan(1)
  }, 60_000)
})
