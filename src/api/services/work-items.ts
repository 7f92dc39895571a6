import type { z } from 'zod'
import { type Caller, type submissionSchema, type WorkItem, workItemSchema } from '../../contracts/index.ts'
import { readTask } from '../../control/intake/index.ts'
import type { JsonObject, RunRecord } from '../../engine/index.ts'
import { createId, digestOf, type ProjectId, type RunId } from '../../kernel/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, scopeOf } from './access.ts'
import { pageOfRows, readCursor, writeCursor } from './cursor.ts'
import type { ProjectChoice } from './project-choice.ts'
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
  readonly projectId?: string | undefined
  /** Part of the title. */
  readonly text?: string | undefined
}

/** Characters that are kept of a body to which something is added. */
const longestBody = 900_000

/** Work items: what people ask for. */
export class WorkItemService {
  readonly #services: CoreServices

  readonly #access: Access
  readonly #projects: ProjectChoice

  constructor(services: CoreServices, access: Access, projects: ProjectChoice) {
    this.#services = services
    this.#access = access
    this.#projects = projects
  }

  /** Newest first. @throws ATL_DOOR_DENIED */
  async list(caller: Caller, { limit, after, text, projectId }: WorkItemQuery) {
    const reading = await this.#access.readProjects(caller, projectId)
    const span = { reading, position: readCursor(after) }
    return this.#services.database.transaction(reading.scope, async (tx) => {
      const end = text === undefined ? undefined : await endOfLook(tx, span)
      const rows = await workItemRows(tx, { ...span, limit: limit + 1, text, end })
      const items = rows.slice(0, limit).map(summariseWorkItem)
      const page = pageOfRows(rows, limit, (row) => ({ time: row.position, id: row.id }), items)
      return end === undefined ? page : { ...page, next: page.next ?? writeCursor(end) }
    })
  }

  /** @throws ATL_STUDIO_WORK_ITEM_NOT_FOUND, ATL_DOOR_DENIED */
  async get(caller: Caller, id: string) {
    const reading = await this.#access.readProjects(caller)
    const query = { reading, limit: 1, id }
    const [row] = await this.#services.database.transaction(reading.scope, (tx) => workItemRows(tx, query))
    if (row === undefined) throw apiErrors.WORK_ITEM_NOT_FOUND({ detail: id })
    return viewWorkItem(row)
  }

  /**
   * Starts another run of what a run was asked, for whoever asked for that one, with what is wanted otherwise. The same key
   * again yields the same run.
   * @throws ATL_DOOR_DENIED
   */
  async followUp(
    caller: Caller,
    run: RunRecord,
    { key, wishes }: { readonly key: string; readonly wishes: readonly string[] },
  ): Promise<RunId> {
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
      projectId: run.projectId,
    }
    const source = `follow-up:${run.runId}`
    const { runId } = await this.submit(caller, request, { source, key })
    return runId
  }

  /**
   * Takes a work item and starts its run; the same key of the same tenant again yields the same run.
   * @throws ATL_DOOR_DENIED, and those of {@link ProjectChoice.forWork}
   */
  async submit(
    caller: Caller,
    request: WorkRequest,
    { source, key }: { readonly source: string; readonly key: string | undefined },
  ): Promise<SubmittedWork> {
    const { administration, engine, workflows, runLimits } = this.#services
    const { issue, repository, testCommand, task, labels } = request
    const projectId = await this.#projects.forWork(caller, {
      projectId: request.projectId,
      repository: repository.location,
    })
    const { principal } = caller
    const { tenantId } = principal
    const runId = runIdFor(tenantId, key)
    const asked = {
      id: runId.replace(/^run_/, 'work_'),
      ...issue,
      source,
      reporter: principal.id,
      repository,
      ...(testCommand === undefined ? {} : { testCommand }),
      ...(task === undefined ? readTask(issue.title) : { task }),
      labels,
    }
    await administration.openRun({
      tenantId,
      projectId,
      runId,
      requester: principal,
      repository: repository.location,
      limits: runLimits,
    })
    const workItem: WorkItem = { ...asked, createdAt: await this.#record(caller, projectId, asked) }
    await engine.startRun(scopeOf(caller), {
      definition: { source: await workflows.sourceFor(scopeOf(caller), workItem.task.kind) },
      inputs: { workItem: toJson(workItem) },
      runId,
      projectId,
    })
    return { workItemId: workItem.id, runId }
  }

  /** Keeps what is asked, and answers since when it is: what is submitted again is the same work item. */
  async #record(caller: Caller, projectId: ProjectId, asked: Omit<WorkItem, 'createdAt'>): Promise<string> {
    const { id: principalId, tenantId } = caller.principal
    return this.#services.database.transaction(scopeOf(caller), async (tx) => {
      await tx
        .insertInto('work_items')
        .values({
          tenant_id: tenantId,
          id: asked.id,
          principal_id: principalId,
          project_id: projectId,
          title: asked.title,
          body: asked.body,
          source: asked.source,
          repository: JSON.stringify(asked.repository),
          test_command: asked.testCommand ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const { created_at: createdAt } = await tx
        .selectFrom('work_items')
        .select('created_at')
        .where('tenant_id', '=', tenantId)
        .where('id', '=', asked.id)
        .executeTakeFirstOrThrow()
      return createdAt.toISOString()
    })
  }
}

/** The run of a key, which is the same whoever asks for it again. */
export function runIdFor(tenantId: string, key: string | undefined): RunId {
  if (key === undefined) return createId('run') as RunId
  return `run_${digestOf(`${tenantId}\n${key}`).slice('sha256:'.length, 'sha256:'.length + 26)}` as RunId
}

/** Members that are undefined have no place in JSON. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
