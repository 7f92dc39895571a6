import { type RawBuilder, sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import type { RunRecord, TenantScope } from '../../engine/index.ts'
import {
  type Intention,
  type Administration,
  type PolicyEngine,
  tenantScope,
} from '../../governance/index.ts'
import { defaultProject, type ProjectId, type RunId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'

/** Rows that a caller can see: those of the caller's tenant, and of no other. */
export function scopeOf({ principal }: Caller): TenantScope {
  return tenantScope(principal.tenantId, principal.id)
}

/** For the record of a decision. */
interface Occasion {
  readonly runId: RunId | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** What a list may be about. */
export interface Reading {
  readonly scope: TenantScope
  readonly projects: readonly ProjectId[]
  /** Whether these are all projects of the tenant, also while others are made, so that rows need not be told apart. */
  readonly isEverything: boolean
}

/** Whether a row whose project stands in this column is among what may be read; part of the query that finds it. */
export function isOfProjects(column: string, { projects, isEverything }: Reading): RawBuilder<boolean> {
  return isEverything ? sql`true` : sql`${sql.ref(column)} = any (${projects})`
}

/** Asks the policies for a caller. */
export class Access {
  readonly #database: Database
  readonly #policy: PolicyEngine
  readonly #administration: Administration

  constructor({
    database,
    policy,
    administration,
  }: {
    readonly database: Database
    readonly policy: PolicyEngine
    readonly administration: Administration
  }) {
    this.#database = database
    this.#policy = policy
    this.#administration = administration
  }

  /** Lets through who may look at something; only a refusal is recorded. @throws ATL_DOOR_DENIED */
  async assertReading(
    caller: Caller,
    intention: Intention,
    runId: RunId | null = null,
  ): Promise<TenantScope> {
    await this.#administration.requireReading(caller.principal, intention, {
      runId,
      detail: detailOf(caller, {}),
    })
    return scopeOf(caller)
  }

  /**
   * Which projects a list may be about: those that the caller may read, or only the one that was asked for.
   * @throws ATL_DOOR_DENIED when there is none
   */
  async readProjects(caller: Caller, only?: string): Promise<Reading> {
    const scope = scopeOf(caller)
    if (only !== undefined) {
      const projectId = only as ProjectId
      await this.assertReading(caller, {
        action: 'read-project',
        resource: projectResource(caller, projectId),
      })
      return { scope, projects: [projectId], isEverything: false }
    }
    const all = await this.#projectsOf(scope)
    const projects = this.amongProjects(caller, all, 'read-project')
    if (projects.length === 0)
      await this.assertReading(caller, { action: 'read-project', resource: projectResource(caller) })
    const isEverything = projects.length === all.length && this.#readsWhateverComes(caller)
    return { scope, projects, isEverything }
  }

  /** Projects of the tenant about which the caller may do something. */
  async projectsWhere(
    caller: Caller,
    intentionOf: (project: ProjectId) => Intention,
  ): Promise<readonly ProjectId[]> {
    const all = await this.#projectsOf(scopeOf(caller))
    return all.filter((id) => this.permits(caller, intentionOf(id)))
  }

  /**
   * Lets through who may see what work is done with: in the tenant, or in one of its projects.
   * @returns whether it is the tenant.
   * @throws ATL_DOOR_DENIED
   */
  async assertReadingWorkshop(
    caller: Caller,
  ): Promise<{ readonly scope: TenantScope; readonly isOfTenant: boolean }> {
    const asked: Intention = { action: 'read-studio', resource: studioResource(caller) }
    const isOfTenant = this.permits(caller, asked)
    const somewhere = () =>
      this.projectsWhere(caller, (id) => ({ action: 'read-studio', resource: projectResource(caller, id) }))
    if (!isOfTenant && (await somewhere()).length === 0) await this.assertReading(caller, asked)
    return { scope: scopeOf(caller), isOfTenant }
  }

  /** Projects of the tenant, whatever the caller may do in them; to be asked about, and not to be shown. */
  projectsOf(caller: Caller): Promise<readonly ProjectId[]> {
    return this.#projectsOf(scopeOf(caller))
  }

  /** Those of some projects in which the caller may do something. */
  amongProjects(
    caller: Caller,
    projects: readonly ProjectId[],
    action: 'read-project' | 'submit-work-item',
  ): readonly ProjectId[] {
    return projects.filter((id) => this.permits(caller, { action, resource: projectResource(caller, id) }))
  }

  /** Decides about something, and records the decision. @throws ATL_DOOR_DENIED */
  async record(
    caller: Caller,
    intention: Intention,
    runId: RunId | null,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.change(caller, intention, { runId, detail }, () => Promise.resolve())
  }

  /** Decides about a change, records the decision, and makes the change in the same transaction. @throws ATL_DOOR_DENIED */
  async change<T>(
    caller: Caller,
    intention: Intention,
    { runId, detail }: Occasion,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const { principal } = caller
    const done = await this.#administration.authorise(
      {
        principal,
        tenantId: principal.tenantId,
        intention,
        runId,
        detail: detailOf(caller, detail),
      },
      async (tx) => ({ value: await work(tx) }),
    )
    if (done === undefined) throw new Error('what was permitted was not done')
    return done.value
  }

  /** Whether the caller may do something now, to show only what is of use; nothing is recorded. */
  permits({ principal }: Caller, intention: Intention): boolean {
    return this.#policy.decide({ principal, ...intention }).decision === 'allow'
  }

  /** Whether a project that is made while something is read will be among what the caller may read. */
  #readsWhateverComes({ principal: { tenantId, roles, onlyProjects } }: Caller): boolean {
    const isAsShipped = this.#policy.of(tenantId).digest === this.#policy.shipped.digest
    return roles.length > 0 && onlyProjects === undefined && isAsShipped
  }

  async #projectsOf(scope: TenantScope): Promise<readonly ProjectId[]> {
    const rows = await this.#database.transaction(scope, (tx) =>
      tx.selectFrom('projects').select('id').where('tenant_id', '=', scope.tenantId).execute(),
    )
    return rows.map(({ id }) => id as ProjectId)
  }
}

/** For the record: with what the caller proved who they are. */
function detailOf(
  { via, credentialId }: Caller,
  detail: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return via === 'local' ? detail : { ...detail, via, credentialId }
}

/** A run as policies see it. */
export function runResource({
  tenantId,
  runId,
  projectId,
  principalId,
}: Pick<RunRecord, 'tenantId' | 'runId' | 'projectId' | 'principalId'>) {
  return { kind: 'run', tenantId, runId, projectId, requester: principalId } as const
}

/** A project as policies see it. */
export function projectResource({ principal: { tenantId } }: Caller, projectId: ProjectId = defaultProject) {
  return { kind: 'project', tenantId, projectId } as const
}

/** What a tenant works with as a whole, as policies see it. */
export function studioResource({ principal: { tenantId } }: Caller) {
  return { kind: 'studio', tenantId } as const
}

/**
 * Deciding about a text that the tenant made for itself, as asked before the draft is looked for: whoever may not is not
 * told what there is. Whether it is their own draft is asked about the draft itself.
 */
export function deciding(
  caller: Caller,
  action: 'decide-policy' | 'decide-workflow',
  { verdict }: { readonly verdict: string },
): Intention {
  return { action, resource: studioResource(caller), context: { decision: verdict, inLineage: false } }
}
