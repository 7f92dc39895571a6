import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyLedger } from '../../governance/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import { startModelServer } from '../../testing/index.ts'
import type { ModelAccess } from './access.ts'
import { createFaultyGateway, makeFaultyCall } from './scratch-faults.ts'
import type { FaultyCall } from './scratch-faults.ts'
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
  scratch = await createFaultyGateway(bad.url, good.url, 6)
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await Promise.all([good.close(), bad.close()])
})

type AskedCall = FaultyCall & { readonly run: 0 | 1 }

/** What a call cost, as far as its caller was told; undefined when it failed, and whatever goes wrong has a code. */
async function make(call: AskedCall, access: ModelAccess): Promise<number | undefined> {
  try {
    return await makeFaultyCall(scratch, access, call)
  } catch (error) {
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
