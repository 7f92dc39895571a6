import type { z } from 'zod'
import type { Caller, submissionSchema, WorkItem } from '../../contracts/index.ts'
import { readTask } from '../../control/intake/index.ts'
import type { JsonObject } from '../../engine/index.ts'
import { createId, digestOf, type RunId } from '../../kernel/index.ts'
import { defaultProject, scopeOf } from './access.ts'
import type { StudioServices } from './studio-services.ts'

/** A submission, without what the caller stands for. */
export type WorkRequest = Omit<z.output<typeof submissionSchema>, 'reporter' | 'idempotencyKey'>

export interface SubmittedWork {
  readonly workItemId: string
  readonly runId: RunId
}

/** Work items: what people ask for. */
export class WorkItemService {
  readonly #services: StudioServices

  constructor(services: StudioServices) {
    this.#services = services
  }

  /**
   * Takes a work item and starts its run; the same key of the same tenant again yields the same run.
   * @throws ATL_DOOR_DENIED
   */
  async submit(
    caller: Caller,
    request: WorkRequest,
    { source, key }: { readonly source: string; readonly key: string | undefined },
  ): Promise<SubmittedWork> {
    const { administration, engine, clock, workflows, runLimits } = this.#services
    const { issue, repository, testCommand, task, labels } = request
    const { principal } = caller
    const { tenantId } = principal
    const runId = runIdFor(tenantId, key)
    const workItem: WorkItem = {
      id: runId.replace(/^run_/, 'work_'),
      ...issue,
      source,
      reporter: principal.id,
      repository,
      ...(testCommand === undefined ? {} : { testCommand }),
      ...(task === undefined ? readTask(issue.title) : { task }),
      labels,
      createdAt: new Date(clock.now()).toISOString(),
    }
    await administration.openRun({
      tenantId,
      projectId: defaultProject,
      runId,
      requester: principal,
      repository: repository.location,
      limits: runLimits,
    })
    await this.#record(caller, workItem)
    await engine.startRun(scopeOf(caller), {
      definition: { source: workflows[workItem.task.kind] },
      inputs: { workItem: toJson(workItem) },
      runId,
    })
    return { workItemId: workItem.id, runId }
  }

  async #record(caller: Caller, workItem: WorkItem): Promise<void> {
    const { id: principalId, tenantId } = caller.principal
    await this.#services.database.transaction(scopeOf(caller), (tx) =>
      tx
        .insertInto('work_items')
        .values({
          tenant_id: tenantId,
          id: workItem.id,
          principal_id: principalId,
          project_id: defaultProject,
          title: workItem.title,
          body: workItem.body,
          source: workItem.source,
          repository: JSON.stringify(workItem.repository),
          test_command: workItem.testCommand ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    )
  }
}

function runIdFor(tenantId: string, key: string | undefined): RunId {
  if (key === undefined) return createId('run') as RunId
  return `run_${digestOf(`${tenantId}\n${key}`).slice('sha256:'.length, 'sha256:'.length + 26)}` as RunId
}

/** Members that are undefined have no place in JSON. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
