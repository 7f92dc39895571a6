import { executeTool, attemptRepair, prepareTool, reproduceFault } from '../../src/execution/tools/index.ts'
import type { ExecutionPlaces, Workspace } from '../../src/execution/tools/index.ts'
import { AtelierError, type Logger } from '../../src/kernel/index.ts'
import { intakeTool } from '../../src/workflow/delivery/index.ts'
import { toolContextOf } from '../../src/testing/index.ts'
import { workItemOf } from '../repair/work-item.ts'
import type { QuixBug } from './cases.ts'

/** Seconds of wall clock after which one of these tests counts as endless in the project's own runner. */
const testSeconds = '20'

/** What became of one program. */
export interface Attempt {
  readonly outcome: 'repaired' | 'escalated' | 'failed'
  readonly detail: string
  /** The repaired program first, then what else was plausible. */
  readonly programs: readonly {
    readonly text: string
    readonly template: string
    readonly description: string
  }[]
  readonly seconds: {
    readonly setUp: number
    readonly repair: number
    readonly firstPlausible: number | null
  }
  readonly generated: number
  readonly tried: number
  readonly triedPerSecond: number
}

/** Takes a program through the same tools as a run of the studio does. */
export async function attempt(
  bug: QuixBug,
  directory: string,
  text: string,
  places: ExecutionPlaces,
  logger: Logger,
  limitSeconds: number,
  onReport: (message: string) => void,
): Promise<Attempt> {
  const context = toolContextOf('ten_bench', logger, onReport)
  const start = performance.now()
  const since = (from: number): number => (performance.now() - from) / 1000
  const nothing = { programs: [], generated: 0, tried: 0, triedPerSecond: 0 }
  let setUp = 0
  try {
    const workItem = workItemOf(`The tests of ${bug.name} fail`, directory, '')
    const intent = await intakeTool().perform({ workItem }, context)
    const workspace = withPatience(await prepareTool(places).perform({ workItem }, context))
    const baseline = await executeTool(places).perform({ workspace }, context)
    const reproduction = await reproduceFault(places, { workspace, intent, baseline }, context)
    setUp = since(start)
    const began = performance.now()
    let firstPlausible: number | null = null
    const plausible: Parameters<typeof textOf>[1][] = []
    const input = { workspace, intent, reproduction, confidence: 0, seconds: limitSeconds }
    const outcome = await attemptRepair(places, input, context, (progress) => {
      if (progress.kind !== 'plausible') return
      firstPlausible ??= since(began)
      plausible.push(progress.candidate)
    })
    const ranked =
      outcome.kind === 'repaired'
        ? [outcome.candidate, ...outcome.alternatives.map(({ candidate }) => candidate)]
        : outcome.hints.map(({ candidate }) => candidate)
    const all = [...new Map([...ranked, ...plausible].map((candidate) => [candidate.id, candidate])).values()]
    const chosen = all.filter(({ id }) => plausible.some((candidate) => candidate.id === id))
    return {
      outcome: outcome.kind,
      detail: outcome.kind === 'repaired' ? outcome.candidate.description : outcome.summary,
      programs: chosen.map((candidate) => ({ ...candidate, text: textOf(text, candidate) })),
      seconds: { setUp, repair: since(began), firstPlausible },
      generated: outcome.attempts.generated,
      tried: outcome.attempts.tried,
      triedPerSecond: outcome.attempts.triedPerSecond,
    }
  } catch (error) {
    const detail =
      error instanceof AtelierError ? `${error.code}: ${error.message}` : String((error as Error).stack)
    return { outcome: 'failed', detail, ...nothing, seconds: { setUp, repair: 0, firstPlausible: null } }
  }
}

/** Some programs loop for ever; waiting for their tests as long as for those of real projects says nothing more. */
function withPatience(workspace: Workspace): Workspace {
  const { suite } = workspace
  const environment = { ...suite.invocation.environment, ATELIER_TEST_SECONDS: testSeconds }
  return { ...workspace, suite: { ...suite, invocation: { ...suite.invocation, environment } } }
}

function textOf(
  text: string,
  candidate: {
    readonly id: number
    readonly template: string
    readonly description: string
    readonly edits: readonly { readonly start: number; readonly end: number; readonly replacement: string }[]
  },
): string {
  return [...candidate.edits]
    .sort((left, right) => right.start - left.start)
    .reduce((at, edit) => at.slice(0, edit.start) + edit.replacement + at.slice(edit.end), text)
}
