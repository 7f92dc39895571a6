import { z } from 'zod'
import {
  type Change,
  changeSchema,
  type Escalation,
  escalationSchema,
  intentSchema,
  type Tool,
  type ToolContext,
} from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import {
  type Candidate,
  loadRepair,
  type RecentChange,
  type RepairOutcome,
  type RepairProgress,
  type SourceFile,
  validationErrors,
} from '../repair/index.ts'
import { fileKind, type Repository } from '../repository/index.ts'
import { runOnTree } from './execute.ts'
import { reproductionSchema, type FrozenReproduction } from './reproduce.ts'
import { validateWorkspace } from './validation.ts'
import { type ExecutionPlaces, type Workspace, workspaceFailures, workspaceSchema } from './workspace.ts'

const inputSchema = z.object({
  workspace: workspaceSchema,
  intent: intentSchema,
  reproduction: reproductionSchema,
  /** Least share of certainty, 0 … 1, at which a repair is offered as one. */
  confidence: z.number().min(0).max(1),
  /** Seconds for all of it. */
  seconds: z.int().positive(),
})
type RepairInput = z.infer<typeof inputSchema>

const attemptsSchema = z.object({
  generated: z.int(),
  tried: z.int(),
  plausible: z.int(),
  confirmed: z.int(),
  seconds: z.number(),
  triedPerSecond: z.number(),
})

export const repairResultSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('repaired'),
    tree: z.string(),
    change: changeSchema,
    confidence: z.number(),
    explanation: z.string(),
    considered: z.array(z.string()),
    attempts: attemptsSchema,
  }),
  z.object({ outcome: z.literal('escalated'), escalation: escalationSchema, attempts: attemptsSchema }),
])
export type RepairResult = z.infer<typeof repairResultSchema>

/** Source files beyond this many characters are left alone: they are bundles or data rather than something people edit. */
const sourceLimit = 400_000
/** Milliseconds to measure what each test executes. */
const spectrumMs = 20_000

/** `repair.run`: the zero-token engineer looks for a change that makes the reproduction pass. */
export function repairTool(places: ExecutionPlaces): Tool<RepairInput, RepairResult> {
  return {
    name: 'repair.run',
    summary:
      'Localises the fault, tries template edits against the failing tests, and confirms with the whole suite.',
    input: inputSchema,
    output: repairResultSchema,
    effect: 'workspace',
    permissions: ['tests:run', 'workspace:edit'],
    failureModes: [...errorCodes(validationErrors), ...workspaceFailures],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 600 },
    async perform(input, context) {
      const outcome = await attemptRepair(places, input, context, (progress) => {
        context.report(describeProgress(progress))
        if (progress.kind === 'ranked')
          context.logger.log('debug', { candidates: progress.candidates }, 'Candidates in their order')
      })
      const repository = await openRepository(places, input.workspace, context)
      return describeOutcome(outcome, repository, input)
    },
  }
}

/** Looks for a change that makes the reproduction pass, in sandboxes of its own, which are gone afterwards. */
export async function attemptRepair(
  places: ExecutionPlaces,
  input: RepairInput,
  context: ToolContext,
  onProgress: (progress: RepairProgress) => void,
): Promise<RepairOutcome> {
  const { repair } = await loadRepair()
  const { workspace, reproduction } = input
  const repository = await openRepository(places, workspace, context)
  const validation = await validateWorkspace(places, workspace, reproduction, context)
  try {
    context.report('measuring what the tests execute')
    const spectrum = await validation.collectSpectrum(spectrumMs, context.signal)
    return await repair(
      {
        ...(await readSources(repository, reproduction)),
        reproduction,
        newTestLines: reproduction.newTestLines,
        spectrum,
        issue: issueText(input),
        reportedStack: input.intent.stackFrames.map(({ file, line }) => `${file}:${line}`).join('\n'),
        recentChanges: await recentChanges(repository, workspace),
      },
      {
        validator: validation,
        confirm: async (candidate, signal) => {
          const tree = await applyCandidate(repository, reproduction, candidate)
          return runOnTree(places, workspace, tree, { ...context, signal, report: () => undefined })
        },
        now: () => performance.now(),
      },
      { timeMs: input.seconds * 1000, plausible: 40, confidence: input.confidence },
      context.signal,
      onProgress,
    )
  } finally {
    await validation.close()
  }
}

/** How many commits before the base are looked at, each time together with those in between. */
const pasts = [0, 2, 9] as const

async function recentChanges(repository: Repository, { base }: Workspace): Promise<readonly RecentChange[]> {
  const changes: RecentChange[] = []
  for (const commitsAgo of pasts) {
    const lines = await repository.linesOfCommit(base.commit, commitsAgo)
    for (const [file, numbers] of Object.entries(lines))
      for (const line of numbers) changes.push({ file, startLine: line, endLine: line, commitsAgo })
  }
  return changes
}

function openRepository(
  { repositories }: ExecutionPlaces,
  { location }: Workspace,
  { tenantId }: ToolContext,
): Promise<Repository> {
  return repositories.open({ tenantId, location })
}

function issueText({ intent }: RepairInput): string {
  return [intent.goal, ...intent.acceptanceCriteria, ...intent.symbols, ...intent.files].join('\n')
}

function applyCandidate(
  repository: Repository,
  { tree }: FrozenReproduction,
  candidate: Candidate,
): Promise<string> {
  return repository.applyEdits(tree, candidate.edits)
}

async function readSources(
  repository: Repository,
  { tree, failingFiles }: FrozenReproduction,
): Promise<{ readonly sources: readonly SourceFile[]; readonly tests: readonly SourceFile[] }> {
  const { isRepairable } = await loadRepair()
  const files = (await repository.listFiles(tree)).filter(
    ({ path, size, kind }) => kind !== 'link' && isRepairable(path) && size <= sourceLimit,
  )
  const read = async (paths: readonly string[]): Promise<SourceFile[]> =>
    [...(await repository.readFiles(tree, paths))].map(([path, content]) => ({
      path,
      text: new TextDecoder().decode(content),
    }))
  const failing = new Set(failingFiles)
  const paths = files.map(({ path }) => path)
  return {
    sources: await read(paths.filter((path) => fileKind(path) === 'source' && !failing.has(path))),
    tests: await read(paths.filter((path) => failing.has(path))),
  }
}

function describeProgress(progress: RepairProgress): string {
  switch (progress.kind) {
    case 'localised': {
      const [first] = progress.suspects
      return first ? `most suspicious: ${first.file}:${first.line}` : 'nothing is suspicious'
    }
    case 'generated':
      return `${progress.candidates} candidates in ${progress.files} files`
    case 'trying':
      return `${progress.tried} of ${progress.total} tried: ${progress.current}`
    case 'plausible':
      return `plausible: ${progress.candidate.description}`
    case 'ranked':
      return `comparing ${progress.candidates.length} candidates on other inputs`
    case 'confirming':
      return `confirming with the whole suite: ${progress.candidate.description}`
    case 'confirmed':
      return `${progress.passed ? 'confirmed' : 'refused by the suite'}: ${progress.candidate.description}`
  }
}

async function describeOutcome(
  outcome: RepairOutcome,
  repository: Repository,
  { workspace, reproduction }: RepairInput,
): Promise<RepairResult> {
  if (outcome.kind === 'escalated') {
    return {
      outcome: 'escalated',
      escalation: await describeEscalation(outcome, repository, reproduction),
      attempts: outcome.attempts,
    }
  }
  const { explanation, candidate } = outcome
  const tree = await applyCandidate(repository, reproduction, candidate)
  const change: Change = await repository.describeChange(workspace.base, tree)
  return {
    outcome: 'repaired',
    tree,
    change,
    confidence: outcome.confidence,
    explanation: [
      `${explanation.fault} (${explanation.place})`,
      explanation.remedy,
      ...explanation.evidence,
    ].join('\n'),
    considered: [...explanation.considered],
    attempts: outcome.attempts,
  }
}

/** Hints beyond the first few do not help anybody to decide in ten seconds. */
const shown = 5

async function describeEscalation(
  outcome: Extract<RepairOutcome, { kind: 'escalated' }>,
  repository: Repository,
  reproduction: FrozenReproduction,
): Promise<Escalation> {
  const { attempts } = outcome
  const hints = await Promise.all(
    outcome.hints.slice(0, shown).map(async ({ candidate, confidence }) => ({
      description: `${candidate.description} (confidence ${confidence.toFixed(2)})`,
      patch: await repository.diff(
        reproduction.tree,
        await applyCandidate(repository, reproduction, candidate),
      ),
    })),
  )
  return {
    hypothesis: outcome.summary,
    attempts: [
      {
        what: `${attempts.tried} of ${attempts.generated} candidate edits tried`,
        result: `${attempts.plausible} plausible, ${attempts.confirmed} put to the whole suite`,
      },
      ...outcome.hints.slice(0, shown).map(({ candidate, confirmation, confidence }) => ({
        what: candidate.description,
        result: `${confirmation}, confidence ${confidence.toFixed(2)}`,
      })),
    ],
    failingTests: reproduction.failing
      .slice(0, 20)
      .map(({ id, message }) => ({ id, message: message ?? '' })),
    suspects: outcome.suspects.slice(0, shown).map(({ file, line, reasons }) => ({
      place: `${file}:${line}`,
      why: reasons.join('; '),
    })),
    hints,
  }
}
