import { runAgent, type AgentOutcome } from '../src/control/agents/index.ts'
import { scenarios, type Scenario } from './breakers/scenarios.ts'
import { benchAgent, onlyLimits, workOn } from './breakers/work.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'each scenario is stopped by': 'the breaker or limit that is for it',
  'no limit is exceeded': true,
  'tokens until stopped, as a share of what limits alone let through, at most': 0.25,
}

interface Measured {
  readonly scenario: Scenario
  readonly outcome: AgentOutcome
  readonly wallMs: number
}

/**
 * Agents that run away, each in its own way, and what they have spent when they are stopped: tokens, calls and seconds
 * against the limits of the agent file, and tokens against the same agent with limits alone and its breakers as loose as a
 * file can have them.
 */
export default async function benchmarkBreakers(): Promise<BenchmarkResult> {
  const rows: string[][] = []
  const figures: Record<string, unknown> = {}
  const shares: number[] = []
  let ok = true
  for (const scenario of scenarios) {
    const stopped = await measure(scenario, true)
    const alone = await measure(scenario, false)
    const { used } = stopped.outcome
    const { limits } = workOn(scenario, benchAgent).agent
    const by = endOf(stopped.outcome)
    const within =
      used.tokens <= limits.tokens &&
      used.toolCalls <= limits.toolCalls &&
      used.steps <= limits.steps &&
      used.milliseconds <= limits.seconds * 1000
    const right = by === scenario.stoppedBy && used.steps <= scenario.steps && within
    ok &&= right
    // What a limit stops is stopped by the same in both.
    if (stopped.outcome.kind === 'stuck' && alone.outcome.used.tokens > 0)
      shares.push(used.tokens / alone.outcome.used.tokens)
    figures[scenario.name] = { by, ...used, aloneTokens: alone.outcome.used.tokens }
    rows.push([
      scenario.name,
      right ? by : `${by}, not ${scenario.stoppedBy} within ${scenario.steps} answers`,
      `${used.steps} / ${limits.steps}`,
      `${used.toolCalls} / ${limits.toolCalls}`,
      `${used.tokens} / ${limits.tokens}`,
      `${(used.milliseconds / 1000).toFixed(0)} / ${limits.seconds}`,
      String(alone.outcome.used.tokens),
      `${stopped.wallMs.toFixed(0)} ms`,
    ])
  }
  const head = [
    'scenario',
    'stopped by',
    'answers',
    'calls',
    'tokens',
    'seconds',
    'limits alone',
    'real time',
  ]
  process.stdout.write(`${table([head, ...rows])}\n`)
  const ratio = Math.round((shares.reduce((sum, share) => sum + share, 0) / shares.length) * 1000) / 1000
  ok &&= ratio <= goal['tokens until stopped, as a share of what limits alone let through, at most']
  return { figures, ratio, goal, ok }
}

async function measure(scenario: Scenario, withBreakers: boolean): Promise<Measured> {
  const started = performance.now()
  const outcome = await runAgent(workOn(scenario, withBreakers ? benchAgent : onlyLimits))
  return { scenario, outcome, wallMs: performance.now() - started }
}

function endOf(outcome: AgentOutcome): string {
  if (outcome.kind === 'stuck') return outcome.breaker
  return outcome.kind === 'capped' ? `limit of ${outcome.limit}` : outcome.kind
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
