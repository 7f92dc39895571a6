import { type ProjectSettings, projectSettingsSchema } from '../../contracts/api/index.ts'
import type { Caller } from '../../contracts/index.ts'
import { defaultProject, type ProjectId } from '../../kernel/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, projectResource, scopeOf } from './access.ts'
import type { CoreServices } from './studio-services.ts'

interface Project extends Pick<ProjectSettings, 'archived' | 'repositories'> {
  readonly id: ProjectId
  readonly name: string
}

interface Wish {
  /** As whoever asks for the work named it. */
  readonly projectId: string | undefined
  /** Location of the repository, as it was named. */
  readonly repository: string
}

/**
 * Which project a piece of work belongs to. What a project says to be its repository is worked on in that project and in
 * no other, since whoever may read a run reads the repository's code.
 */
export class ProjectChoice {
  readonly #services: Pick<CoreServices, 'database' | 'repositories'>
  readonly #access: Access

  constructor(services: Pick<CoreServices, 'database' | 'repositories'>, access: Access) {
    this.#services = services
    this.#access = access
  }

  /**
   * The project that was named; otherwise that of the repository; otherwise the default one.
   * @throws ATL_STUDIO_PROJECT_UNKNOWN, ATL_STUDIO_PROJECT_ARCHIVED, ATL_STUDIO_PROJECT_AMBIGUOUS,
   * ATL_STUDIO_REPOSITORY_OF_OTHER_PROJECT, ATL_DOOR_DENIED
   */
  async forWork(caller: Caller, { projectId, repository }: Wish): Promise<ProjectId> {
    // Whoever may not work in a project is not told whether there is one.
    if (projectId !== undefined) await this.#assertWork(caller, projectId as ProjectId)
    const projects = await this.#projects(caller)
    const owners = await this.#ownersOf(repository, projects)
    const chosen =
      projectId === undefined
        ? (this.#choose(caller, owners) ?? projects.find(({ id }) => id === defaultProject))
        : projects.find(({ id }) => id === projectId)
    if (chosen === undefined) throw apiErrors.PROJECT_UNKNOWN({ detail: projectId ?? defaultProject })
    await this.#assertWork(caller, chosen.id)
    if (owners.length > 0 && !owners.includes(chosen))
      throw apiErrors.REPOSITORY_OF_OTHER_PROJECT({ detail: repository })
    if (chosen.archived) throw apiErrors.PROJECT_ARCHIVED({ detail: chosen.name })
    return chosen.id
  }

  /** Of several projects with the same repository, the one in which the caller may work. */
  #choose(caller: Caller, owners: readonly Project[]): Project | undefined {
    const [first] = owners
    const open = this.#access.amongProjects(
      caller,
      owners.filter(({ archived }) => !archived).map(({ id }) => id),
      'submit-work-item',
    )
    if (open.length > 1) throw apiErrors.PROJECT_AMBIGUOUS({ detail: open.join(', ') })
    return owners.find(({ id }) => id === open[0]) ?? first
  }

  async #assertWork(caller: Caller, projectId: ProjectId): Promise<void> {
    const resource = projectResource(caller, projectId)
    await this.#access.assertReading(caller, { action: 'submit-work-item', resource })
  }

  async #ownersOf(repository: string, projects: readonly Project[]): Promise<readonly Project[]> {
    const { repositories: host } = this.#services
    if (projects.every(({ repositories }) => repositories.length === 0)) return []
    const wanted = await host.identify(repository)
    const own = await Promise.all(
      projects.map(async ({ repositories }) => Promise.all(repositories.map((one) => host.identify(one)))),
    )
    return projects.filter((_, index) => own[index]?.includes(wanted))
  }

  async #projects(caller: Caller): Promise<readonly Project[]> {
    const scope = scopeOf(caller)
    const rows = await this.#services.database.transaction(scope, (tx) =>
      tx
        .selectFrom('projects')
        .select(['id', 'name', 'settings'])
        .where('tenant_id', '=', scope.tenantId)
        .orderBy('id')
        .execute(),
    )
    return rows.map(({ id, name, settings }) => ({
      id: id as ProjectId,
      name,
      ...projectSettingsSchema.parse(settings),
    }))
  }
}
