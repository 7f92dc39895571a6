import type { Caller } from '../../contracts/index.ts'
import type { RunRecord, TenantScope } from '../../engine/index.ts'
import {
  type Intention,
  type Administration,
  type PolicyEngine,
  seededIdentities,
  tenantScope,
} from '../../governance/index.ts'
import type { ProjectId, RunId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** What runs and work belong to that name no project. */
export const defaultProject: ProjectId = seededIdentities.project

/** Rows that a caller can see: those of the caller's tenant, and of no other. */
export function scopeOf({ principal }: Caller): TenantScope {
  return tenantScope(principal.tenantId, principal.id)
}

/** For the record of a decision. */
interface Occasion {
  readonly runId: RunId | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** Asks the policies for a caller. */
export class Access {
  readonly #policy: PolicyEngine
  readonly #administration: Administration

  constructor({
    policy,
    administration,
  }: {
    readonly policy: PolicyEngine
    readonly administration: Administration
  }) {
    this.#policy = policy
    this.#administration = administration
  }

  /** Lets through who may look at something; only a refusal is recorded. @throws ATL_DOOR_DENIED */
  async assertReading(
    caller: Caller,
    intention: Intention,
    runId: RunId | null = null,
  ): Promise<TenantScope> {
    if (!this.permits(caller, intention)) await this.record(caller, intention, runId, {})
    return scopeOf(caller)
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
    { principal, via, credentialId }: Caller,
    intention: Intention,
    { runId, detail }: Occasion,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const done = await this.#administration.authorise(
      {
        principal,
        tenantId: principal.tenantId,
        intention,
        runId,
        detail: via === 'local' ? detail : { ...detail, via, credentialId },
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
}

/** A run as policies see it. */
export function runResource({
  tenantId,
  runId,
  principalId,
}: Pick<RunRecord, 'tenantId' | 'runId' | 'principalId'>) {
  return { kind: 'run', tenantId, runId, projectId: defaultProject, requester: principalId } as const
}

/** The project as policies see it. */
export function projectResource({ principal: { tenantId } }: Caller) {
  return { kind: 'project', tenantId, projectId: defaultProject } as const
}

/** What a tenant works with as a whole, as policies see it. */
export function studioResource({ principal: { tenantId } }: Caller) {
  return { kind: 'studio', tenantId } as const
}
