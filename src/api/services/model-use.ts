import { projectSettingsSchema } from '../../contracts/api/index.ts'
import type { Caller } from '../../contracts/index.ts'
import type { ModelAccess } from '../../control/models/index.ts'
import { findAccount, findAccounts } from '../../governance/budget/index.ts'
import type { Balance } from '../../governance/budget/index.ts'
import { findPrincipal } from '../../governance/index.ts'
import { modelUseRun, modelUseRunsOf } from '../../governance/identity/index.ts'
import { defaultProject, type PrincipalId, type ProjectId, type RunId } from '../../kernel/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, projectResource, scopeOf } from './access.ts'
import type { CoreServices } from './studio-services.ts'

type Parts = Pick<CoreServices, 'database' | 'clock' | 'administration' | 'modelUseLimits'>

type Units = Balance['units']

/** What somebody may ask of models on each day in each project, and has asked today. */
export interface ModelUseView {
  /** In UTC. */
  readonly day: string
  /** ISO 8601. */
  readonly endsAt: string
  readonly limits: { readonly [unit in keyof Units]: number | null }
  /** Whether somebody set them for this person or service. */
  readonly isOwn: boolean
  readonly projects: readonly { readonly projectId: string; readonly units: Units }[]
}

/** For how long a project that was open is taken to be, in milliseconds. */
const believedMs = 3000
/** Runs that are believed to be open at the same time at most. */
const mostBelieved = 4096

/** What one token may do in each process of the studio. */
const limitsOfToken = { concurrent: 32, requestsPerMinute: 600 } as const

/**
 * Models for people and services, who ask them with a token. What somebody asks on one day in one project is charged to an
 * account of its own, beside those of the project and the tenant, and stands under a mandate of its own.
 */
export class ModelUseService {
  readonly #services: Parts
  readonly #access: Access
  /** Runs that were open at some time, by tenant and id. */
  readonly #open = new Map<string, { readonly until: number; readonly opening: Promise<void> }>()

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /**
   * In whose name, and to whose account, a caller asks models: in the project that is named, otherwise in the only one in
   * which they have a role, otherwise in the default one.
   * @throws ATL_DOOR_DENIED, ATL_STUDIO_PROJECT_UNKNOWN, ATL_STUDIO_PROJECT_ARCHIVED, ATL_TENANT_QUOTA_EXCEEDED
   */
  async accessOf(caller: Caller, named: string | undefined): Promise<ModelAccess> {
    const { principal, credentialId } = caller
    const projectId = (named ?? onlyProjectOf(caller) ?? defaultProject) as ProjectId
    const resource = projectResource(caller, projectId)
    await this.#access.assertReading(caller, { action: 'use-models', resource })
    const { runId, endsAt } = modelUseRun(projectId, principal.id, this.#services.clock.now())
    await this.#believe(`${principal.tenantId} ${runId}`, () =>
      this.#openRun(caller, { projectId, runId, endsAt }),
    )
    const stepId = credentialId ?? 'no-credential'
    return {
      tenantId: principal.tenantId,
      ...{ projectId, runId, stepId, attempt: 1, principal },
      keyId: stepId,
      models: ['*'],
      limits: limitsOfToken,
    }
  }

  /** The caller's own. */
  ofCaller(caller: Caller): Promise<ModelUseView> {
    return this.#useOf(caller, caller.principal.id)
  }

  /** Somebody's, for those who may read their budget. @throws ATL_DOOR_DENIED, ATL_STUDIO_PERSON_UNKNOWN */
  async of(caller: Caller, id: string): Promise<ModelUseView> {
    const { tenantId } = caller.principal
    await this.#access.assertReading(caller, {
      action: 'read-budget',
      resource: { kind: 'budget', tenantId, level: 'person', subject: id },
    })
    return this.#useOf(caller, id as PrincipalId)
  }

  async #useOf(caller: Caller, id: PrincipalId): Promise<ModelUseView> {
    const { database, clock, modelUseLimits } = this.#services
    const { tenantId } = caller.principal
    const now = clock.now()
    const { endsAt } = modelUseRun(defaultProject, id, now)
    return database.transaction(scopeOf(caller), async (tx) => {
      if ((await findPrincipal(tx, tenantId, id)) === undefined)
        throw apiErrors.PERSON_UNKNOWN({ detail: id })
      const own = await findAccount(tx, tenantId, 'person', id)
      const runs = await modelUseRunsOf(tx, tenantId, id, now)
      const runIds = runs.map(({ runId }) => runId)
      const accounts = await findAccounts(tx, tenantId, 'run', runIds)
      const limitOf = (unit: keyof Units): number | null =>
        own === undefined ? (modelUseLimits[unit] ?? null) : own.units[unit].limit
      return {
        day: new Date(now).toISOString().slice(0, 10),
        endsAt: endsAt.toISOString(),
        limits: {
          money: limitOf('money'),
          tokens: limitOf('tokens'),
          toolCalls: limitOf('toolCalls'),
          seconds: limitOf('seconds'),
        },
        isOwn: own !== undefined,
        projects: runs.flatMap(({ runId, projectId }) => {
          const account = accounts.find(({ subject }) => subject === runId)
          return account === undefined ? [] : [{ projectId, units: account.units }]
        }),
      }
    })
  }

  /** Everybody who asks at the same time waits for the same opening. */
  async #believe(name: string, open: () => Promise<void>): Promise<void> {
    const now = performance.now()
    const known = this.#open.get(name)
    if (known !== undefined && now < known.until) return known.opening
    if (this.#open.size >= mostBelieved) this.#open.clear()
    const opening = open()
    this.#open.set(name, { until: now + believedMs, opening })
    try {
      await opening
    } catch (error) {
      this.#open.delete(name)
      throw error
    }
  }

  async #openRun(
    caller: Caller,
    run: { readonly projectId: ProjectId; readonly runId: RunId; readonly endsAt: Date },
  ): Promise<void> {
    const { database, administration, modelUseLimits: limits } = this.#services
    const { principal: user } = caller
    const { tenantId } = user
    const { projectId, runId } = run
    const isOpen = await database.transaction(scopeOf(caller), async (tx) => {
      const project = await tx
        .selectFrom('projects')
        .select(['name', 'settings'])
        .where('tenant_id', '=', tenantId)
        .where('id', '=', projectId)
        .executeTakeFirst()
      if (project === undefined) throw apiErrors.PROJECT_UNKNOWN({ detail: projectId })
      if (projectSettingsSchema.parse(project.settings).archived)
        throw apiErrors.PROJECT_ARCHIVED({ detail: project.name })
      const mandate = await tx
        .selectFrom('mandates')
        .select('run_id')
        .where('tenant_id', '=', tenantId)
        .where('run_id', '=', runId)
        .executeTakeFirst()
      return mandate !== undefined
    })
    if (!isOpen) await administration.openModelUse({ tenantId, ...run, user, limits })
  }
}

/** Of a token that is for one project, and of somebody who has a role in one project and nowhere else. */
function onlyProjectOf({
  principal: { onlyProjects, roles, projectRoles = {} },
}: Caller): string | undefined {
  const candidates = onlyProjects ?? (roles.length === 0 ? Object.keys(projectRoles) : [])
  return candidates.length === 1 ? candidates[0] : undefined
}
