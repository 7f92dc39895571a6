import { sql } from 'kysely'
import { projectSettingsSchema } from '../../contracts/api/index.ts'
import type { ProjectRight, ProjectSettings } from '../../contracts/api/index.ts'
import type { Caller } from '../../contracts/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import { createId } from '../../kernel/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { apiErrors } from '../errors.ts'
import { isOfProjects, studioResource } from './access.ts'
import type { Access } from './access.ts'
import type { RightsService } from './rights.ts'
import type { StudioServices } from './studio-services.ts'

export interface ProjectView extends ProjectSettings {
  readonly id: string
  readonly name: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly createdBy: string
  /** Of whoever looks at it. */
  readonly may: readonly ProjectRight[]
}

export interface ProjectChange {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly repositories?: readonly string[] | undefined
  readonly archived?: boolean | undefined
}

type Parts = Pick<StudioServices, 'database' | 'clock' | 'administration'>

/** Projects: repositories that belong together, and what holds for them. */
export class ProjectService {
  readonly #services: Parts
  readonly #access: Access
  readonly #rights: RightsService

  constructor(services: Parts, access: Access, rights: RightsService) {
    this.#services = services
    this.#access = access
    this.#rights = rights
  }

  /** @throws ATL_DOOR_DENIED, as all of these */
  async list(
    caller: Caller,
    {
      after,
      limit,
      archived,
    }: { readonly after: string | undefined; readonly limit: number; readonly archived: boolean },
  ): Promise<readonly ProjectView[]> {
    const reading = await this.#access.readProjects(caller)
    const { scope } = reading
    return this.#services.database.transaction(scope, async (tx) => {
      let query = projectsOf(tx, scope).where(isOfProjects('id', reading))
      if (after !== undefined) query = query.where('id', '>', after)
      if (!archived) query = query.where(sql<boolean>`settings ->> 'archived' is distinct from 'true'`)
      const rows = await query.orderBy('id').limit(limit).execute()
      return rows.map((row) => this.#view(caller, row))
    })
  }

  /** @throws ATL_STUDIO_PROJECT_UNKNOWN */
  async get(caller: Caller, id: string): Promise<ProjectView> {
    const { scope } = await this.#access.readProjects(caller, id)
    const row = await this.#services.database.transaction(scope, (tx) => requireProject(tx, scope, id))
    return this.#view(caller, row)
  }

  async create(caller: Caller, change: ProjectChange & { readonly name: string }): Promise<ProjectView> {
    const { administration, clock } = this.#services
    const { principal } = caller
    const { tenantId } = principal
    const id = createId('prj', clock.now())
    const { name, ...settings } = change
    await administration.authorise(
      {
        principal,
        tenantId,
        intention: { action: 'create-project', resource: studioResource(caller) },
        runId: null,
        detail: { project: id, ...change },
      },
      (tx, actor) =>
        tx
          .insertInto('projects')
          .values({
            tenant_id: tenantId,
            id,
            principal_id: actor.id,
            name,
            settings: JSON.stringify(projectSettingsSchema.parse(settings)),
          })
          .execute(),
    )
    return this.get(caller, id)
  }

  /** @throws ATL_STUDIO_PROJECT_UNKNOWN */
  async change(caller: Caller, id: string, change: ProjectChange): Promise<ProjectView> {
    const { principal } = caller
    const { tenantId } = principal
    const { scope } = await this.#access.readProjects(caller, id)
    const { name, ...settings } = change
    await this.#services.administration.authorise(
      {
        principal,
        tenantId,
        intention: {
          action: 'change-project',
          resource: { kind: 'project', tenantId, projectId: id as ProjectId },
        },
        runId: null,
        detail: { ...change },
      },
      async (tx) => {
        const before = await requireProject(tx, scope, id)
        const after = projectSettingsSchema.parse({
          ...projectSettingsSchema.parse(before.settings),
          ...(JSON.parse(JSON.stringify(settings)) as object),
        })
        await tx
          .updateTable('projects')
          .set({ name: name ?? before.name, settings: JSON.stringify(after) })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .execute()
      },
    )
    return this.get(caller, id)
  }

  #view(caller: Caller, row: ProjectRow): ProjectView {
    return {
      id: row.id,
      name: row.name,
      createdAt: row.created_at.toISOString(),
      createdBy: row.principal_id,
      may: this.#rights.inProject(caller, row.id as ProjectId),
      ...projectSettingsSchema.parse(row.settings),
    }
  }
}

function projectsOf(tx: Tx, { tenantId }: TenantScope) {
  return tx.selectFrom('projects').selectAll().where('tenant_id', '=', tenantId)
}

async function requireProject(tx: Tx, scope: TenantScope, id: string): Promise<ProjectRow> {
  const row = await projectsOf(tx, scope).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw apiErrors.PROJECT_UNKNOWN({ detail: id })
  return row
}

type ProjectRow = Awaited<ReturnType<ReturnType<typeof projectsOf>['executeTakeFirstOrThrow']>>
