import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyLedger } from '../../governance/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import { startModelServer } from '../../testing/index.ts'
import type { ModelAccess } from './access.ts'
import { asking, createScratchGateway, question } from './scratch-gateway.ts'
import type { ScratchGateway } from './scratch-gateway.ts'

type ModelServer = Awaited<ReturnType<typeof startModelServer>>

let good: ModelServer
let bad: ModelServer
let scratch: ScratchGateway

const scenario = { name: 'talk', steps: [{ answer: ['One two three four five. '.repeat(8)] }] }
/** Every fault that concerns the gateway, each now and then. */
const faults = {
  '429': 0.06,
  '500': 0.06,
  '529': 0.06,
  hang: 0.04,
  stall: 0.04,
  cut: 0.06,
  'cut-midstream': 0.08,
  'error-midstream': 0.06,
  'invalid-json': 0.06,
  'wrong-schema': 0.06,
  empty: 0.04,
  'no-usage': 0.06,
  'negative-usage': 0.06,
  'absurd-usage': 0.06,
  'context-too-long': 0.03,
} as const

beforeAll(async () => {
  good = await startModelServer({ scenario })
  bad = await startModelServer({ scenario, faults, seed: 7 })
  const place = { deployment: 'cloud', residency: 'us', limits: { concurrent: 6, waiting: 12 } }
  const model = { context: 8000, maxOutput: 200, size: 'small', prices: { input: 2, output: 10 } }
  scratch = await createScratchGateway(
    JSON.stringify({
      upstreams: {
        chat: { ...place, kind: 'openai-compatible', baseUrl: `${bad.url}/v1` },
        claude: { ...place, kind: 'anthropic', baseUrl: `${bad.url}/v1` },
        spare: { ...place, kind: 'openai-compatible', baseUrl: `${good.url}/v1` },
      },
      models: {
        chat: { ...model, upstream: 'chat' },
        claude: { ...model, upstream: 'claude', prices: { input: 3, output: 15, cacheWrite: 4 } },
        spare: { ...model, upstream: 'spare', prices: { input: 1, output: 5 } },
      },
    }),
    `defaults: { retries: 1, cutOffRetries: 1, backoff: { first: 0.005, longest: 0.02 }, deadlines: { firstToken: 2, betweenTokens: 2, total: 12 } }
routes:
  mixed: { targets: [{ model: chat }, { model: claude }], fallback: [{ model: spare }], assignBy: call }
  bare: { targets: [{ model: chat }], cutOffRetries: 0 }
`,
    // So that calls go on to meet faults.
    { circuitBreaker: { failures: 1000, restMs: 1 } },
  )
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await Promise.all([good.close(), bad.close()])
})

interface AskedCall {
  readonly model: 'mixed' | 'bare' | 'chat' | 'claude'
  readonly way: 'ask' | 'watch' | 'stream' | 'whole' | 'give up'
  readonly run: 0 | 1
}

/** What a call cost, as far as its caller was told; undefined when it failed. */
async function make({ model, way }: AskedCall, access: ModelAccess): Promise<number | undefined> {
  const controller = new AbortController()
  const call = asking({ signal: controller.signal })
  try {
    if (way === 'stream' || way === 'whole') {
      const body = {
        ...question(model),
        messages: [{ role: 'user', content: 'Count.' }],
        stream: way === 'stream',
      }
      const answer = await scratch.gateway.exchange(access, {
        ...{ protocol: 'openai-chat', body, unrepeatable: true },
        ...call,
      })
      for await (const piece of answer.body) expect(piece.length).toBeGreaterThan(0)
      return 0
    }
    const onEvent =
      way === 'ask' ? undefined : (): void => (way === 'give up' ? controller.abort() : undefined)
    const response = await scratch.gateway
      .client(access)
      .ask(question(model, 'Count.'), { ...call, ...(onEvent && { onEvent }) })
    return response.cost ?? 0
  } catch (error) {
    // Whatever goes wrong has a code.
    if (!(error instanceof AtelierError)) throw error
    return undefined
  }
}

describe('the budgets', () => {
  it('hold to the millionth and hold nothing back, whatever fails and however much is asked at once', async () => {
    const call = fc.record<AskedCall>({
      model: fc.constantFrom('mixed', 'mixed', 'bare', 'chat', 'claude'),
      way: fc.constantFrom('ask', 'watch', 'stream', 'whole', 'give up'),
      run: fc.constantFrom(0, 1),
    })
    let answered = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 24, maxLength: 32 }),
        fc.integer({ min: 3000, max: 60_000 }),
        async (calls, money) => {
          const limits = { money, tokens: 20_000 }
          const runs = [await scratch.access(limits), await scratch.access(limits)] as const
          const costs = await Promise.all(calls.map((asked) => make(asked, runs[asked.run])))
          const { tenantId, scope } = { ...scratch.studio, scope: scratch.studio.scope }
          for (const [index, run] of runs.entries()) {
            const told = costs.filter((cost, at) => cost !== undefined && calls[at]?.run === index)
            answered += told.length
            refused += calls.filter(({ run: of }) => of === index).length - told.length
            const spent = await scratch.spent(run)
            expect(spent.reserved).toBe(0)
            expect(spent.money).toBeLessThanOrEqual(money)
            expect(spent.money).toBeGreaterThanOrEqual(
              told.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
            )
          }
          const report = await scratch.studio.database.transaction(scope, (tx) =>
            verifyLedger(
              tx,
              tenantId,
              runs.map(({ runId }) => runId),
            ),
          )
          expect(report.problems).toEqual([])
          const { rows } = await scratch.studio.database.transaction(scope, (_tx, client) =>
            client.query('select act_key from ledger_entries where money_overrun > 0 or tokens_overrun > 0'),
          )
          expect(rows).toEqual([])
        },
      ),
      { numRuns: 3, seed: 42 },
    )
    expect(answered).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })
})
