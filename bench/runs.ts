import { parseArgs } from 'node:util'
import { soakRuns } from './runs/soak-runs.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'runs without a clear end': 0,
  'deliveries that the tests refute': 0,
  'reservations left': 0,
  'audit log': 'verifies',
  'memory at the end against after a quarter, at most': 1.3,
}

/**
 * Whole runs with agents, from work item to approval, several at once, on a small repository and with a model that
 * misbehaves in every way by seed: none may be stuck, and each has to end in a clear state with nothing held.
 */
export default async function runs(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '40' },
      concurrent: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '10' },
    },
  })
  const soaked = await soakRuns({
    runs: Number(values.runs),
    concurrent: Number(values.concurrent),
    seed: Number(values.seed),
    seconds: Number(values.minutes) * 60,
    onRun: (line) => process.stdout.write(`${line}\n`),
  })
  const { memory, ...figures } = soaked
  const quarter = memory[Math.floor(memory.length / 4)] ?? 1
  const growth = (memory.at(-1) ?? quarter) / quarter
  return {
    figures: { ...figures, 'memory, MB': memory.map(Math.round) },
    ratio: Math.round(growth * 100) / 100,
    goal,
    ok:
      soaked.ended > 0 &&
      soaked.stuck.length === 0 &&
      soaked.wrong === 0 &&
      soaked.reservations === 0 &&
      soaked.audit &&
      growth <= goal['memory at the end against after a quarter, at most'],
  }
}
