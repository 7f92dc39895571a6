import { parseArgs } from 'node:util'
import { createFaultyGateway, makeFaultyCall } from '../src/control/models/scratch-faults.ts'
import type { CallWay } from '../src/control/models/scratch-faults.ts'
import type { ScratchGateway } from '../src/control/models/scratch-gateway.ts'
import { verifyLedger } from '../src/governance/index.ts'
import { AtelierError } from '../src/kernel/index.ts'
import { modelFaults, startModelServer } from '../src/testing/index.ts'
import type { FaultProbabilities } from '../src/testing/index.ts'
import { liveMegabytes } from './measure/live-megabytes.ts'
import { generator } from './retrieval/measures.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'money spent beyond a budget, millionths': 0,
  'reservations left': 0,
  'failures that nobody foresaw': 0,
  'longest call, s, at most': 30,
  'memory at the end against after a tenth, at most': 1.3,
}

/** How often each fault happens; those that move many bytes or take long, less often. */
const often = 0.02
const seldom: FaultProbabilities = { 'huge-output': 0.001, slow: 0.005, hang: 0.005, stall: 0.01 }

interface Tally {
  calls: number
  answered: number
  longestMs: number
  readonly refusals: Map<string, number>
  /** Failures that nobody foresaw. */
  readonly defects: Set<string>
}

/**
 * Runs with calls of models of which nearly every one meets some fault, many at once, each run with a budget that is soon
 * used up: whether budgets hold to the millionth, nothing stays reserved, every call ends, and memory stays as it is.
 */
export default async function soak(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '5000' },
      concurrent: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
    },
  })
  const runs = Number(values.runs)
  const faults = {
    ...Object.fromEntries(modelFaults.map(({ name }) => [name, often])),
    ...seldom,
  } as FaultProbabilities
  const scenario = { name: 'talk', steps: [{ answer: ['One two three four five. '.repeat(8)] }] }
  await using bad = await startModelServer({ scenario, faults, seed: Number(values.seed) })
  await using good = await startModelServer({ scenario })
  await using scratch = await createFaultyGateway(bad.url, good.url, 50)
  const tally: Tally = { calls: 0, answered: 0, longestMs: 0, refusals: new Map(), defects: new Set() }
  const random = generator(Number(values.seed))
  const memory: number[] = []
  let overspent = 0
  let next = 0
  const started = performance.now()
  const worker = async (): Promise<void> => {
    while (next < runs) {
      next += 1
      if (next % Math.ceil(runs / 10) === 0) {
        memory.push(liveMegabytes())
        console.log(`${next} runs, ${tally.calls} calls, ${memory.at(-1)?.toFixed(0) ?? ''} MB`)
      }
      overspent += await oneRun(scratch, tally, random)
    }
  }
  await Promise.all(Array.from({ length: Number(values.concurrent) }, worker))
  const seconds = (performance.now() - started) / 1000
  const left = await whatIsLeft(scratch)
  const growth = (memory.at(-1) ?? 0) / (memory[0] ?? 1)
  const figures = {
    runs,
    calls: tally.calls,
    'calls answered': tally.answered,
    'longest call, s': Math.round(tally.longestMs / 100) / 10,
    'calls per second': Math.round(tally.calls / seconds),
    'failures by code': Object.fromEntries([...tally.refusals].sort(([, a], [, b]) => b - a)),
    'failures that nobody foresaw': [...tally.defects],
    'money spent beyond a budget, millionths': overspent,
    ...left,
    'memory, MB': memory.map(Math.round),
  }
  return {
    figures,
    ratio: Math.round(growth * 100) / 100,
    goal,
    ok:
      overspent === 0 &&
      tally.defects.size === 0 &&
      left['reservations left'] === 0 &&
      left['problems of the ledger'].length === 0 &&
      left['charges beyond a reservation'] === 0 &&
      tally.longestMs <= goal['longest call, s, at most'] * 1000 &&
      growth <= goal['memory at the end against after a tenth, at most'],
  }
}

/** Ways to take an answer, and how often in twenty each is chosen. */
const ways = { ask: 7, watch: 2, stream: 5, whole: 5, 'give up': 1 } satisfies Record<CallWay, number>
const urn = Object.entries(ways).flatMap(([way, count]) =>
  Array.from({ length: count }, () => way as CallWay),
)

/** A few calls at once, within a budget that may not hold for all. @returns what was spent beyond it */
async function oneRun(scratch: ScratchGateway, tally: Tally, random: () => number): Promise<number> {
  const money = 2000 + Math.floor(random() * 60_000)
  const access = await scratch.access({ money, tokens: 20_000 })
  const count = 1 + Math.floor(random() * 3)
  await Promise.all(
    Array.from({ length: count }, async () => {
      tally.calls += 1
      const way = urn[Math.floor(random() * urn.length)] ?? 'ask'
      const model = random() < 0.7 ? 'mixed' : 'bare'
      const started = performance.now()
      try {
        await makeFaultyCall(scratch, access, { model, way })
        tally.answered += 1
      } catch (error) {
        if (!(error instanceof AtelierError)) throw error
        if (error.code === 'ATL_DOOR_TOOL_DEFECT') tally.defects.add(error.message)
        tally.refusals.set(error.code, (tally.refusals.get(error.code) ?? 0) + 1)
      }
      tally.longestMs = Math.max(tally.longestMs, performance.now() - started)
    }),
  )
  const spent = await scratch.spent(access)
  return Math.max(0, spent.money - money) + (spent.reserved > 0 ? Infinity : 0)
}

async function whatIsLeft({ studio }: ScratchGateway) {
  return studio.database.transaction(studio.scope, async (tx, client) => {
    const report = await verifyLedger(tx, studio.tenantId)
    const held = await client.query("select 1 from budget_reservations where state = 'held'")
    const beyond = await client.query(
      'select 1 from ledger_entries where money_overrun > 0 or tokens_overrun > 0',
    )
    return {
      'reservations left': held.rows.length,
      'charges beyond a reservation': beyond.rows.length,
      'problems of the ledger': report.problems,
      'entries of the ledger': report.entries,
    }
  })
}
