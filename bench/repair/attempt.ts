import type { RepositoryHost } from '../../src/execution/repository/index.ts'
import {
  executeTool,
  type ExecutionPlaces,
  prepareTool,
  repairTool,
  reproduceFault,
  type Workspace,
} from '../../src/execution/tools/index.ts'
import type { RankedCandidate } from '../../src/execution/repair/index.ts'
import { intakeTool } from '../../src/workflow/delivery/index.ts'
import { AtelierError, type Logger, type TenantId } from '../../src/kernel/index.ts'
import { toolContextOf } from '../../src/testing/index.ts'
import { workItemOf } from './work-item.ts'
import { fileAt, type RepairCase } from './cases.ts'
import { type ComparedCandidate, compareWithFix } from './equivalence.ts'

/** What became of one case. */
export interface CaseResult {
  readonly number: number
  readonly repo: string
  readonly subject: string
  readonly outcome: 'repaired' | 'escalated' | 'failed'
  /** Why it was escalated, or the code and message of a failure. */
  readonly detail: string
  /** Seconds of installing dependencies, of running the suite before, and of repairing. */
  readonly seconds: { readonly prepare: number; readonly baseline: number; readonly repair: number }
  readonly framework: string
  readonly tried: number
  readonly triedPerSecond: number
  readonly plausible: number
  readonly confidence: number | null
  /** Whether the files that the fix changed became what the maintainers made of them, white space aside. */
  readonly identical: boolean
  /** Whether it does what the maintainers' fix does on every input that was tried; null where none could be. */
  readonly equivalent: boolean | null
  readonly patch: string
  /** Plausible candidates in their order, compared with the maintainers' fix. */
  readonly candidates: readonly ComparedCandidate[]
}

export interface AttemptOptions {
  readonly number: number
  readonly item: RepairCase
  readonly mirror: string
  readonly directory: string
  readonly issue: string
  readonly limitSeconds: number
  readonly confidence: number
  readonly places: ExecutionPlaces & { readonly repositories: RepositoryHost }
  readonly logger: Logger
  readonly onReport: (message: string) => void
}

type Measured = {
  -readonly [K in keyof CaseResult]: CaseResult[K]
}

/** Takes a case through the same tools as a run of the studio does, up to a confirmed repair. */
export async function attemptCase(options: AttemptOptions): Promise<CaseResult> {
  const { number, item } = options
  const seconds = { prepare: 0, baseline: 0, repair: 0 }
  const result: Measured = {
    number,
    repo: item.repo,
    subject: item.subject,
    outcome: 'failed',
    detail: '',
    seconds,
    framework: '',
    tried: 0,
    triedPerSecond: 0,
    plausible: 0,
    confidence: null,
    identical: false,
    equivalent: null,
    patch: '',
    candidates: [],
  }
  const timed = async <T>(phase: keyof typeof seconds, work: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    try {
      return await work()
    } finally {
      seconds[phase] += (performance.now() - start) / 1000
    }
  }
  try {
    await repairCase(options, result, timed)
  } catch (error) {
    const { message } = error as Error
    result.detail =
      error instanceof AtelierError ? `${error.code}: ${message}` : ((error as Error).stack ?? message)
  }
  return result
}

async function repairCase(
  { item, mirror, directory, issue, limitSeconds, confidence, places, logger, onReport }: AttemptOptions,
  result: Measured,
  timed: <T>(phase: keyof CaseResult['seconds'], work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const workItem = workItemOf(item.subject, directory, issue)
  let ranked: readonly RankedCandidate[] = []
  const context = toolContextOf(
    'ten_bench',
    listening(logger, (fields) => {
      if ('candidates' in fields) ranked = fields['candidates'] as readonly RankedCandidate[]
    }),
    onReport,
  )
  const intent = await intakeTool().perform({ workItem }, context)
  const workspace = await timed('prepare', () => prepareTool(places).perform({ workItem }, context))
  result.framework = workspace.suite.framework
  const { baseline, reproduction } = await timed('baseline', async () => {
    const report = await executeTool(places).perform({ workspace }, context)
    const frozen = await reproduceFault(places, { workspace, intent, baseline: report }, context)
    return { baseline: report, reproduction: frozen }
  })
  result.detail = `${reproduction.failing.length} of ${baseline.tests.length} tests fail`
  const left = Math.max(20, Math.round(limitSeconds - result.seconds.baseline))
  const repaired = await timed('repair', () =>
    repairTool(places).perform({ workspace, intent, reproduction, confidence, seconds: left }, context),
  )
  const { attempts } = repaired
  Object.assign(result, {
    outcome: repaired.outcome,
    tried: attempts.tried,
    triedPerSecond: attempts.triedPerSecond,
    plausible: attempts.plausible,
  })
  result.candidates = await compareWithFix({ places, workspace, reproduction, mirror, item, ranked, context })
  if (repaired.outcome === 'escalated') {
    result.detail = repaired.escalation.hypothesis
    result.patch = repaired.escalation.hints[0]?.patch ?? ''
    return
  }
  result.confidence = repaired.confidence
  result.patch = await patchOf(places, workspace, repaired.tree)
  result.detail = repaired.explanation.split('\n')[0] ?? ''
  result.identical = await isIdentical(places, workspace, repaired.tree, mirror, item)
  const chosen = result.candidates.find(({ confidence }) => confidence === repaired.confidence)
  result.equivalent = result.identical || (chosen?.equivalent ?? null)
}

/** A logger that also hands the fields of each record to the listener. */
function listening(logger: Logger, listener: (fields: Readonly<Record<string, unknown>>) => void): Logger {
  return {
    log: (level, fields, message) => {
      listener(fields)
      logger.log(level, fields, message)
    },
    child: (fields) => listening(logger.child(fields), listener),
  }
}

async function patchOf(places: ExecutionPlaces, workspace: Workspace, tree: string): Promise<string> {
  const repository = await places.repositories.open({
    tenantId: 'ten_bench' as TenantId,
    location: workspace.location,
  })
  return repository.diff(workspace.base.tree, tree)
}

async function isIdentical(
  places: ExecutionPlaces,
  workspace: Workspace,
  tree: string,
  mirror: string,
  item: RepairCase,
): Promise<boolean> {
  const repository = await places.repositories.open({
    tenantId: 'ten_bench' as TenantId,
    location: workspace.location,
  })
  const squeezed = (text: string): string => text.replaceAll(/\s+/g, '')
  for (const path of item.sources) {
    const ours = await repository.readText(tree, path)
    const theirs = await fileAt(mirror, item.fix, path)
    if (squeezed(ours ?? '') !== squeezed(theirs?.toString('utf8') ?? '')) return false
  }
  return true
}
