import type { ToolContext } from '../../src/contracts/index.ts'
import type { Candidate, RankedCandidate } from '../../src/execution/repair/index.ts'
import { type ExecutionPlaces, validateWorkspace, type Workspace } from '../../src/execution/tools/index.ts'
import { fileAt, type RepairCase } from './cases.ts'

/** A plausible candidate and how it compares with what the maintainers did. */
export interface ComparedCandidate {
  readonly description: string
  readonly template: string
  readonly confidence: number
  readonly features: Readonly<Record<string, number>>
  /** Whether it does the same as the maintainers' fix on every input that was tried; null where none could be. */
  readonly equivalent: boolean | null
  /** Inputs tried, and on how many of them it does something else. */
  readonly inputs: number
  readonly differing: number
}

const observeMs = 30_000
const spectrumMs = 20_000
const mostCompared = 24
/** Out of reach of the ids of candidates. */
const fixId = 999_999_999

/** Runs the candidates and the maintainers' fix on inputs near those of the tests. */
export async function compareWithFix(options: {
  readonly places: ExecutionPlaces
  readonly workspace: Workspace
  readonly reproduction: Parameters<typeof validateWorkspace>[2]
  readonly mirror: string
  readonly item: RepairCase
  readonly ranked: readonly RankedCandidate[]
  readonly context: ToolContext
}): Promise<readonly ComparedCandidate[]> {
  const { places, workspace, reproduction, context } = options
  const ranked = options.ranked.slice(0, mostCompared)
  if (ranked.length === 0) return []
  const validation = await validateWorkspace(places, workspace, reproduction, context)
  try {
    await validation.collectSpectrum(spectrumMs, context.signal)
    const candidates = [await fixAsCandidate(options), ...ranked.map(({ candidate }) => candidate)]
    const observation = await validation.observe?.(candidates, observeMs, context.signal)
    const fix = observation?.candidates.get(fixId)
    return ranked.map(({ candidate, confidence, features }) => {
      const seen = observation?.candidates.get(candidate.id)
      const differing = (seen ?? []).filter(({ digest }, index) => digest !== fix?.[index]?.digest).length
      return {
        description: candidate.description,
        template: candidate.template,
        confidence,
        features,
        equivalent: seen === undefined || fix === undefined ? null : differing === 0,
        inputs: seen?.length ?? 0,
        differing,
      }
    })
  } finally {
    await validation.close()
  }
}

async function fixAsCandidate({
  places,
  workspace,
  mirror,
  item,
  context,
}: Parameters<typeof compareWithFix>[0]): Promise<Candidate> {
  const { tenantId } = context
  const repository = await places.repositories.open({ tenantId, location: workspace.location })
  const edits = await Promise.all(
    item.sources.map(async (file) => {
      const before = (await repository.readText(workspace.base.tree, file)) ?? ''
      const after = (await fileAt(mirror, item.fix, file))?.toString('utf8') ?? ''
      return { file, start: 0, end: before.length, replacement: after }
    }),
  )
  return { id: fixId, edits, template: 'fix', prior: 1, line: 1, description: 'the maintainers’ fix' }
}
