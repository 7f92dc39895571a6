import { availableParallelism } from 'node:os'
import type { ToolContext } from '../../contracts/index.ts'
import { loadRepair } from '../repair/index.ts'
import { runSuite } from '../testing/index.ts'
import { suiteTimeoutMs } from './execute.ts'
import type { FrozenReproduction } from './reproduce.ts'
import { type ExecutionPlaces, type Workspace, workspaceLayers } from './workspace.ts'

/** Makes ready to try candidates on the tree that shows the fault, in as many sandboxes as there are processors, up to four. */
export async function validateWorkspace(
  places: ExecutionPlaces,
  workspace: Workspace,
  reproduction: FrozenReproduction,
  context: ToolContext,
): ReturnType<Awaited<ReturnType<typeof loadRepair>>['openValidation']> {
  const { openValidation } = await loadRepair()
  const { suite } = workspace
  const { layers } = await workspaceLayers(places, workspace, reproduction.tree, context)
  context.report('starting workers')
  return openValidation({
    openSandbox: (binds) =>
      places.sandboxes.create({
        runId: context.runId,
        layers,
        readOnlyBinds: [...places.toolchain.binds, ...binds],
        egress: { kind: 'none' },
        limits: places.limits,
      }),
    framework: suite.framework,
    directory: suite.directory,
    environment: suite.invocation.environment,
    reproduction,
    workers: Math.max(1, Math.min(4, availableParallelism())),
    runTests: (sandbox, files, signal) =>
      runSuite(sandbox, suite, { timeoutMs: suiteTimeoutMs, select: { files }, signal }),
    logger: context.logger,
  })
}
