import { z } from 'zod'
import { type TestReport, testReportSchema, type Tool, type ToolContext } from '../../contracts/index.ts'
import { runSuite } from '../testing/index.ts'
import {
  type Dependencies,
  type ExecutionPlaces,
  openSandbox,
  type Workspace,
  workspaceFailures,
  workspaceSchema,
} from './workspace.ts'

const inputSchema = z.object({ workspace: workspaceSchema })

/** Milliseconds for one run of a whole suite. */
export const suiteTimeoutMs = 15 * 60_000

/** `tests.execute`: runs the project's own suite on the base revision, in a sandbox without network. */
export function executeTool(places: ExecutionPlaces): Tool<z.infer<typeof inputSchema>, TestReport> {
  return {
    name: 'tests.execute',
    summary: 'Runs the tests of the base revision.',
    input: inputSchema,
    output: testReportSchema,
    effect: 'workspace',
    permissions: ['tests:run'],
    failureModes: workspaceFailures,
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 1200 },
    perform: ({ workspace }, context) => runOnTree(places, workspace, workspace.base.tree, context),
  }
}

/** Runs the whole suite, or the selected files of it, on a tree in a sandbox of its own. */
export async function runOnTree(
  places: ExecutionPlaces,
  workspace: Workspace,
  tree: string,
  context: ToolContext,
  files?: readonly string[],
  dependencies: Dependencies = 'base',
): Promise<TestReport> {
  const sandbox = await openSandbox(places, workspace, tree, context, { dependencies })
  try {
    let finished = 0
    let failed = 0
    return await runSuite(sandbox, workspace.suite, {
      timeoutMs: suiteTimeoutMs,
      signal: context.signal,
      ...(files === undefined ? {} : { select: { files } }),
      onTest: (name, outcome) => {
        finished += 1
        if (outcome === 'failed') failed += 1
        context.report(`${finished} tests, ${failed} failing: ${name}`)
      },
    })
  } finally {
    await sandbox.destroy()
  }
}
