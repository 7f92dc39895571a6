import type { Engine } from '../../engine/index.ts'
import type { Digest, RunId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { TenantScope } from '../audit/index.ts'

/** What the engine tells about a run. */
export interface RunStory {
  readonly run: object
  readonly plans: readonly {
    readonly version: number
    /** Of the plan's definition, which is kept as a blob. */
    readonly digest: Digest
    readonly reason: string
  }[]
  readonly steps: readonly { readonly stepId: string; readonly outputDigest: Digest | null }[]
  readonly events: readonly object[]
}

/** Reads the story from the engine. */
export function engineStory(
  engine: Pick<Engine, 'getRun' | 'listSteps' | 'watch'>,
  database: Database,
): (scope: TenantScope, runId: RunId) => Promise<RunStory> {
  return async (scope, runId) => {
    const [run, steps, events, plans] = await Promise.all([
      engine.getRun(scope, runId),
      engine.listSteps(scope, runId),
      collect(engine.watch(scope, runId, { follow: false })),
      database.transaction(scope, (tx) =>
        tx
          .selectFrom('run_plans')
          .select(['version', 'digest', 'reason'])
          .where('tenant_id', '=', scope.tenantId)
          .where('run_id', '=', runId)
          .orderBy('version')
          .execute(),
      ),
    ])
    return {
      run,
      // Outputs are kept once, as blobs.
      steps: steps.map((step) => ({ ...step, output: undefined })),
      events,
      plans: plans.map((plan) => ({ ...plan, digest: plan.digest as Digest })),
    }
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
