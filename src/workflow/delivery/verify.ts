import { z } from 'zod'
import {
  changeSchema,
  testReportSchema,
  type Tool,
  type ToolContext,
  type Verdict,
  verdictSchema,
} from '../../contracts/index.ts'
import { buildBaseTestTree, judgeChange, readChangedFiles, reviewTests } from '../../control/review/index.ts'
import {
  type ExecutionPlaces,
  reproductionSchema,
  runOnTree,
  workspaceFailures,
  workspaceSchema,
} from '../../execution/tools/index.ts'

export const verifySchema = z.object({
  workspace: workspaceSchema,
  baseline: testReportSchema,
  /** What a repair has to make pass; absent for work that is to change no behaviour. */
  reproduction: reproductionSchema.optional(),
  proposal: z.object({ tree: z.string(), change: changeSchema }),
  /** Whose dependencies the tests run with: the change's own where it is about dependencies. */
  dependencies: z.enum(['base', 'tree']).default('base'),
})

/**
 * `change.verify`: the verdict (I8). The base revision's tests, and the work item's example where that shows the fault,
 * run on the changed tree and decide; tests that the change itself touches run apart.
 */
export function verifyTool(places: ExecutionPlaces): Tool<z.infer<typeof verifySchema>, Verdict> {
  return {
    name: 'change.verify',
    summary: 'Runs the tests of the base revision on the change and judges it.',
    input: verifySchema,
    output: verdictSchema,
    effect: 'workspace',
    permissions: ['tests:run'],
    failureModes: workspaceFailures,
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 2400 },
    perform: (input, context) => verifyChange(places, input, context),
  }
}

/** Runs the base revision's tests on a change, and those that it touches apart, and judges what came of it. */
export async function verifyChange(
  places: ExecutionPlaces,
  { workspace, baseline, reproduction, proposal, dependencies }: z.infer<typeof verifySchema>,
  context: ToolContext,
): Promise<Verdict> {
  const { tenantId } = context
  const repository = await places.repositories.open({ tenantId, location: workspace.location })
  const { tree, changedTests } = await buildBaseTestTree(
    repository,
    reproduction?.tree ?? workspace.base.tree,
    proposal.tree,
  )
  const candidateRun = await runOnTree(places, workspace, tree, context, undefined, dependencies)
  const changedRun =
    changedTests.length === 0
      ? undefined
      : await runOnTree(places, workspace, proposal.tree, context, changedTests, dependencies)
  return judgeChange({
    baseRuns: [baseline],
    candidateRuns: [candidateRun],
    reproduction: reproduction?.failing ?? null,
    ...(changedRun === undefined ? {} : { changedTests: changedRun }),
    findings: reviewTests(await readChangedFiles(repository, proposal.change)),
  })
}
