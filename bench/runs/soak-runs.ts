import { setTimeout as delay } from 'node:timers/promises'
import type { RunView } from '../../src/contracts/index.ts'
import { type FaultProbabilities, modelFaults, startModelServer } from '../../src/testing/index.ts'
import {
  allDone,
  call,
  mend,
  openScratchStudio,
  type ScratchStudio,
  script,
  settle,
} from '../../test/studio/scratch-studio.ts'
import { liveMegabytes } from '../measure/live-megabytes.ts'

export interface SoakOptions {
  readonly runs: number
  readonly concurrent: number
  readonly seed: number
  /** No run is begun any more after so long. */
  readonly seconds: number
  readonly onRun?: (line: string) => void
}

export interface Soaked {
  /** Runs that ended. */
  readonly ended: number
  /** How many by outcome. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Runs that did not end, or ended in a way that says nothing. */
  readonly stuck: readonly string[]
  /** Runs that were delivered although their tests fail. */
  readonly wrong: number
  /** Reservations that nobody settled. */
  readonly reservations: number
  /** Whether the audit log verifies. */
  readonly audit: boolean
  readonly requests: number
  readonly seconds: number
  /** Megabytes that were still referred to, after every few runs. */
  readonly memory: readonly number[]
}

/** How often each fault happens; those that take long or many bytes, less often. */
const often = 0.015
const seldom: FaultProbabilities = { 'huge-output': 0.002, slow: 0.004, hang: 0.002, stall: 0.002 }

/** Reads, tries something wrong, sees it fail, mends it. Misconduct of the model comes on top, by chance. */
const developer = script('develops', 'The total is negative', [
  call('files_read', { path: 'src/price.js' }),
  call('tests_run'),
  [mend],
  call('tests_run'),
  call('finish', allDone),
])

/** A run may take so long before it counts as stuck. */
const patienceMs = 300_000

/** Whole runs with agents whose model misbehaves by seed; what has to hold afterwards is for the caller to judge. */
export async function soakRuns({ runs, concurrent, seed, seconds, onRun }: SoakOptions): Promise<Soaked> {
  const faults = { ...Object.fromEntries(modelFaults.map(({ name }) => [name, often])), ...seldom }
  const providerKey = 'the-key-of-the-provider'
  await using server = await startModelServer({ scenario: developer, faults, seed, key: providerKey })
  await using scratch = await openScratchStudio({
    server,
    providerKey,
    tiers: [
      '{ name: small, agent: developer, route: small }',
      '{ name: large, agent: developer, route: large }',
    ],
    attempts: 2,
    routeDefaults:
      '{ retries: 2, backoff: { first: 0.01, longest: 0.05 }, deadlines: { firstToken: 3, betweenTokens: 3, total: 20 } }',
  })
  const started = performance.now()
  const outcomes: Record<string, number> = {}
  const stuck: string[] = []
  const memory: number[] = []
  let [begun, ended, wrong] = [0, 0, 0]
  const worker = async (): Promise<void> => {
    while (begun < runs && performance.now() - started < seconds * 1000) {
      begun += 1
      const run = await oneRun(scratch, begun)
      if (typeof run === 'string') {
        stuck.push(run)
        continue
      }
      ended += 1
      const outcome = run.outcome ?? run.status
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      const isClear =
        run.outcome === 'delivered' ||
        (run.outcome === 'escalated' && run.report.escalation !== null) ||
        (run.outcome === 'failed' && run.error !== null)
      if (!isClear) stuck.push(`${run.id} ${outcome}`)
      if (run.outcome === 'delivered' && run.report.proof?.failed !== 0) wrong += 1
      if (ended % Math.max(1, Math.floor(runs / 12)) === 0) memory.push(liveMegabytes())
      onRun?.(
        `${ended} of ${runs}: ${outcome}, ${run.report.seconds.toFixed(1)} s, ${run.report.cost.tokens} tokens`,
      )
    }
  }
  await Promise.all(Array.from({ length: concurrent }, worker))
  return {
    ended,
    outcomes,
    stuck,
    wrong,
    reservations: await scratch.reservations(),
    audit: (await scratch.studio.verifyAudit('owner')).ok,
    requests: server.requests.received,
    seconds: Math.round((performance.now() - started) / 1000),
    memory,
  }
}

/** A run with its approval; what it is stuck at when it does not end. */
async function oneRun({ studio, repository }: ScratchStudio, number: number): Promise<RunView | string> {
  const { runId } = await studio.submit({
    issue: { title: 'The total is negative', body: `Number ${number}: \`total\` should add prices up.` },
    repository: { location: repository },
    labels: [],
  })
  const stop = new AbortController()
  const late = delay(patienceMs, 'late' as const, { signal: stop.signal }).catch(() => 'late' as const)
  const whole = async (): Promise<RunView> => {
    const run = await settle(studio, runId)
    if (run.status !== 'waiting') return run
    const decision = { decision: 'approved', by: 'owner', reason: undefined, subject: undefined } as const
    await studio.decide(runId, decision)
    return settle(studio, runId)
  }
  const run = await Promise.race([whole(), late])
  stop.abort()
  if (run !== 'late') return run
  const { steps } = await studio.getRun(runId)
  return `${runId} ${steps.map(({ id, status }) => `${id} ${status}`).join(', ')}`
}
