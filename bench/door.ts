import type { RunId } from '../src/kernel/index.ts'
import type { Tool } from '../src/contracts/index.ts'
import { createGovernedStudio, echoTool } from '../src/testing/index.ts'
import type { GovernedStudio } from '../src/testing/index.ts'
import type { BenchmarkResult } from './run.ts'

const concurrency = 50
/** Rounds of baseline and acts in turn, so that what else the machine does hits both alike. */
const rounds = 5
const counts = { bare: 200, bareAtOnce: 1000, alone: 100, crowded: 1500 }

const goal = {
  'milliseconds per act alone, in bare commits, at most': 4,
  'acts per bare commit at 50 at once in one run, at least': 0.4,
}

/** A tool that does nothing, so that what is measured is the door. */
const nothing: Tool<{ text: string }, { text: string }> = echoTool(undefined, {
  effect: 'read',
  worstCase: { money: 10, tokens: 100, toolCalls: 1, seconds: 60 },
})

/**
 * What the door adds to an act, in milliseconds and as a multiple of a bare single-row commit on the same PostgreSQL:
 * alone, and with 50 acts of one tenant at a time, of one run or of fifty.
 */
export default async function benchmarkDoor(): Promise<BenchmarkResult> {
  await using studio = await createGovernedStudio()
  await studio.database.owner.pool.query('create table bare_commits (id bigserial primary key, payload text)')
  const runs = await Promise.all(Array.from({ length: concurrency }, () => studio.openRun()))
  const [first] = runs
  await acts(studio, first === undefined ? [] : [first], concurrency * 10, concurrency)

  const bare: number[] = []
  const bareAtOnce: number[] = []
  const alone: number[] = []
  const oneRun: number[] = []
  const fiftyRuns: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await bareCommits(studio, counts.bare, 1))
    alone.push(await acts(studio, runs.slice(0, 1), counts.alone, 1))
    bareAtOnce.push(await bareCommits(studio, counts.bareAtOnce, concurrency))
    oneRun.push(await acts(studio, runs.slice(0, 1), counts.crowded, concurrency))
    fiftyRuns.push(await acts(studio, runs, counts.crowded, concurrency))
  }
  const ratio = figure(median(alone) / median(bare))
  const share = figure(median(bareAtOnce) / median(oneRun))
  return {
    figures: {
      'bare commit, ms': figure(median(bare)),
      'act alone, ms': figure(median(alone)),
      'bare commits/s, 50 at once': figure(1000 / median(bareAtOnce)),
      'acts/s, 50 at once in one run': figure(1000 / median(oneRun)),
      'acts/s, 50 at once in fifty runs': figure(1000 / median(fiftyRuns)),
      'acts per bare commit, 50 at once in one run': share,
      'acts per bare commit, 50 at once in fifty runs': figure(median(bareAtOnce) / median(fiftyRuns)),
    },
    ratio,
    goal,
    ok: ratio <= 4 && share >= 0.4,
  }
}

/** Milliseconds per act, `atOnce` of them at the same time, spread over the runs. */
function acts(
  studio: GovernedStudio,
  runs: readonly RunId[],
  count: number,
  atOnce: number,
): Promise<number> {
  return timed(count, atOnce, async (index) => {
    const runId = runs[index % runs.length]
    if (runId === undefined) throw new Error('there is no run')
    await studio.governance.door.act(nothing, { text: `act ${index} of many` }, studio.request(runId))
  })
}

/** Milliseconds per single-row insert that commits by itself. */
function bareCommits({ database }: GovernedStudio, count: number, atOnce: number): Promise<number> {
  const insert = {
    name: 'bare-commit',
    text: 'insert into bare_commits (payload) values ($1)',
    values: ['x'],
  }
  return timed(count, atOnce, async () => {
    await database.owner.pool.query(insert)
  })
}

async function timed(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<number> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await work(next)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: atOnce }, worker))
  return (performance.now() - begun) / count
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function figure(value: number): number {
  return Number(value.toPrecision(3))
}
