import { z } from 'zod'
import {
  type Change,
  findingSchema,
  proposalSchema,
  type Tool,
  type ToolContext,
  type Verdict,
  verdictSchema,
} from '../../contracts/index.ts'
import { readChangedFiles, reviewChange } from '../../control/review/index.ts'
import { type AssessedCandidate, measureChange, rankCandidates } from '../../control/selection/index.ts'
import type { Repository } from '../../execution/repository/index.ts'
import { type ExecutionPlaces, workspaceFailures } from '../../execution/tools/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import { verifyChange, verifySchema } from './verify.ts'

const candidateSchema = z.object({
  id: z.string().min(1),
  tree: z.string(),
  /** Who made it: an agent, a model, the zero-token engineer. */
  by: z.string(),
  explanation: z.string(),
  /** How good a model thinks it is. It only breaks ties. */
  opinion: z.number().min(0).max(1).optional(),
})
type CandidateInput = z.infer<typeof candidateSchema>

const inputSchema = verifySchema.omit({ proposal: true }).extend({
  candidates: z
    .array(candidateSchema)
    .min(1)
    .max(16)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two candidates have the same id'),
})
type SelectInput = z.infer<typeof inputSchema>

const outputSchema = z.object({
  /** Null when none is accepted. */
  chosen: z
    .object({ id: z.string(), by: z.string(), proposal: proposalSchema, verdict: verdictSchema })
    .nullable(),
  /** What told the chosen one from the next. */
  ground: z.enum(['the only one', 'evidence', 'minimality', 'opinion', 'order']).nullable(),
  explanation: z.string(),
  /** Best first. */
  candidates: z.array(
    z.object({
      id: z.string(),
      by: z.string(),
      tree: z.string(),
      outcome: verdictSchema.shape.outcome,
      reasons: z.array(z.string()),
      fixed: z.int().nonnegative(),
      findings: z.array(findingSchema),
      size: z.object({
        tokens: z.int().nonnegative(),
        files: z.int().nonnegative(),
        lines: z.int().nonnegative(),
      }),
      opinion: z.number().optional(),
    }),
  ),
})
export type SelectOutput = z.infer<typeof outputSchema>

/**
 * `change.select`: puts every candidate to the same test as `change.verify` does, whoever made it, and chooses by what
 * came of that, then by how little is changed.
 */
export function selectTool(places: ExecutionPlaces): Tool<SelectInput, SelectOutput> {
  return {
    name: 'change.select',
    summary: 'Verifies several candidate changes alike and chooses one by evidence, then by minimality.',
    input: inputSchema,
    output: outputSchema,
    effect: 'workspace',
    permissions: ['tests:run', 'repository:read'],
    failureModes: workspaceFailures,
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 7200 },
    async perform(input, context) {
      const { tenantId } = context
      const { location } = input.workspace
      const repository = await places.repositories.open({ tenantId, location })
      const assessed = new Map<string, Assessment>()
      for (const [index, candidate] of input.candidates.entries()) {
        context.report(`verifying candidate ${index + 1} of ${input.candidates.length}, by ${candidate.by}`)
        // Equal trees are equal changes, whoever made them.
        const known = [...assessed.values()].find(({ tree }) => tree === candidate.tree)
        assessed.set(candidate.id, known ?? (await assess(places, repository, input, candidate, context)))
      }
      return present(input, assessed)
    },
  }
}

interface Assessment extends Omit<AssessedCandidate, 'id' | 'opinion'> {
  readonly tree: string
  /** Absent where the tree cannot be read or is the base. */
  readonly change?: Change
}

async function assess(
  places: ExecutionPlaces,
  repository: Repository,
  input: SelectInput,
  { tree }: CandidateInput,
  context: ToolContext,
): Promise<Assessment> {
  const { workspace, reproduction } = input
  if (tree === workspace.base.tree || tree === reproduction?.tree)
    return rejected(input, tree, 'it changes nothing')
  try {
    const change = await repository.describeChange(workspace.base, tree)
    const files = await readChangedFiles(repository, change)
    const [findings, size, verdict] = await Promise.all([
      reviewChange(change, files),
      measureChange(files),
      verifyChange(places, { ...input, proposal: { tree, change } }, context),
    ])
    return { tree, change, findings, size, verdict }
  } catch (error) {
    // One candidate that cannot be judged must not cost the others their chance.
    if (!(error instanceof AtelierError) || error.retryable || context.signal.aborted) throw error
    return rejected(input, tree, `${error.code}: ${error.message}`)
  }
}

function rejected({ baseline }: SelectInput, tree: string, reason: string): Assessment {
  const verdict: Verdict = {
    outcome: 'rejected',
    reasons: [reason],
    baseTests: baseline,
    fixed: [],
    broken: [],
    stillFailing: [],
    findings: [],
  }
  return { tree, verdict, findings: [], size: { tokens: 0, files: 0, lines: 0 } }
}

function present({ candidates }: SelectInput, assessed: ReadonlyMap<string, Assessment>): SelectOutput {
  const known = candidates.flatMap((candidate) => {
    const assessment = assessed.get(candidate.id)
    return assessment === undefined ? [] : [{ candidate, assessment }]
  })
  const { ranked, chosen, ground, explanation } = rankCandidates(
    known.map(({ candidate: { id, opinion }, assessment: { verdict, findings, size } }) => ({
      id,
      verdict,
      findings,
      size,
      ...(opinion === undefined ? {} : { opinion }),
    })),
  )
  const inOrder = ranked.flatMap(({ id }) => known.filter(({ candidate }) => candidate.id === id))
  const best = inOrder.find(({ candidate }) => candidate.id === chosen?.id)
  return {
    chosen: best === undefined ? null : presentChosen(best.candidate, best.assessment),
    ground,
    explanation,
    candidates: inOrder.map(({ candidate: { id, by, tree, opinion }, assessment }) => ({
      id,
      by,
      tree,
      outcome: assessment.verdict.outcome,
      reasons: assessment.verdict.reasons,
      fixed: assessment.verdict.fixed.length,
      findings: [...assessment.findings],
      size: assessment.size,
      ...(opinion === undefined ? {} : { opinion }),
    })),
  }
}

function presentChosen(
  { id, by, explanation }: CandidateInput,
  { tree, change, verdict, findings }: Assessment,
): SelectOutput['chosen'] {
  if (change === undefined) return null
  return { id, by, verdict, proposal: { tree, change, explanation, findings: [...findings] } }
}
