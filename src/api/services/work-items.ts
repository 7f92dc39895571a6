import type { z } from 'zod'
import { type Caller, type submissionSchema, type WorkItem, workItemSchema } from '../../contracts/index.ts'
import { readTask } from '../../control/intake/index.ts'
import type { JsonObject, RunRecord, TenantScope } from '../../engine/index.ts'
import { findPrincipal } from '../../governance/index.ts'
import { createId, digestOf, type RunId } from '../../kernel/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, defaultProject, projectResource, scopeOf } from './access.ts'
import { pageOfRows, readCursor, writeCursor } from './cursor.ts'
import type { CoreServices } from './studio-services.ts'
import { endOfLook, summariseWorkItem, viewWorkItem, workItemRows } from './work-item-list.ts'

/** A submission, without what the caller stands for. */
export type WorkRequest = Omit<z.output<typeof submissionSchema>, 'reporter' | 'idempotencyKey'>

export interface SubmittedWork {
  readonly workItemId: string
  readonly runId: RunId
}

interface WorkItemQuery {
  readonly limit: number
  readonly after?: string | undefined
  /** Part of the title. */
  readonly text?: string | undefined
}

/** Characters that are kept of a body to which something is added. */
const longestBody = 900_000

/** Work items: what people ask for. */
export class WorkItemService {
  readonly #services: CoreServices

  readonly #access: Access

  constructor(services: CoreServices, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** Newest first. @throws ATL_DOOR_DENIED */
  async list(caller: Caller, { limit, after, text }: WorkItemQuery) {
    const scope = await this.#assertReading(caller)
    const { tenantId } = scope
    const span = { tenantId, position: readCursor(after) }
    return this.#services.database.transaction(scope, async (tx) => {
      const end = text === undefined ? undefined : await endOfLook(tx, span)
      const rows = await workItemRows(tx, { ...span, limit: limit + 1, text, end })
      const items = rows.slice(0, limit).map(summariseWorkItem)
      const page = pageOfRows(rows, limit, (row) => ({ time: row.position, id: row.id }), items)
      return end === undefined ? page : { ...page, next: page.next ?? writeCursor(end) }
    })
  }

  /** @throws ATL_STUDIO_WORK_ITEM_NOT_FOUND, ATL_DOOR_DENIED */
  async get(caller: Caller, id: string) {
    const scope = await this.#assertReading(caller)
    const query = { tenantId: scope.tenantId, limit: 1, id }
    const [row] = await this.#services.database.transaction(scope, (tx) => workItemRows(tx, query))
    if (row === undefined) throw apiErrors.WORK_ITEM_NOT_FOUND({ detail: id })
    return viewWorkItem(row)
  }

  /**
   * Starts another run of what a run was asked, for the same person, with what is wanted otherwise. The same key again
   * yields the same run.
   * @throws ATL_STUDIO_PERSON_UNKNOWN when whoever asked is not there any more, ATL_DOOR_DENIED
   */
  async followUp(
    caller: Caller,
    run: RunRecord,
    { key, wishes }: { readonly key: string; readonly wishes: readonly string[] },
  ): Promise<RunId> {
    const { tenantId, principalId } = run
    const requester = await this.#services.database.transaction(scopeOf(caller), (tx) =>
      findPrincipal(tx, tenantId, principalId),
    )
    if (requester === undefined) throw apiErrors.PERSON_UNKNOWN({ detail: principalId })
    const { title, body, repository, testCommand, task, labels } = workItemSchema.parse(
      run.inputs['workItem'],
    )
    const asked = wishes.map((wish) => `- ${wish}`).join('\n')
    const request = {
      issue: { title, body: `${body.slice(0, longestBody)}\n\n## Changes asked for\n\n${asked}\n` },
      repository,
      ...(testCommand === undefined ? {} : { testCommand }),
      task,
      labels,
    }
    const source = `follow-up:${run.runId}`
    const { runId } = await this.submit({ ...caller, principal: requester }, request, { source, key })
    return runId
  }

  #assertReading(caller: Caller): Promise<TenantScope> {
    return this.#access.assertReading(caller, { action: 'read-project', resource: projectResource(caller) })
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
      definition: { source: await workflows.sourceFor(scopeOf(caller), workItem.task.kind) },
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
