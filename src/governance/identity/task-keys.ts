import { sql } from 'kysely'
import type { Principal } from '../../contracts/index.ts'
import { createId } from '../../kernel/index.ts'
import type { RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { keyErrors, mandateErrors } from './errors.ts'
import { readMandate } from './mandates.ts'
import { createSecret, hashOfSecret } from './secret-form.ts'

/** What one key may use, in each process of the studio. */
export interface KeyLimits {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  /** Calls under way at the same time. */
  readonly concurrent?: number
}

/** Where what is asked with a key may be processed; anywhere when a member is absent. */
export interface KeyPlaces {
  readonly deployments?: readonly ('on-premises' | 'cloud' | 'on-device')[]
  readonly residencies?: readonly string[]
}

export interface TaskKeyRequest {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly attempt: number
  /** Who will use the key; an agent names the person it acts for. */
  readonly principal: Principal
  /** Ids of models and names of routes; `*` for all. */
  readonly models: readonly string[]
  readonly limits?: KeyLimits
  readonly places?: KeyPlaces
  /** From 1,000 to 604,800,000. */
  readonly lifetimeMs: number
}

export interface IssuedTaskKey {
  /** Names the key in records; it opens nothing. */
  readonly id: string
  /** `atl_sk_…`. It is told once and kept nowhere. */
  readonly key: string
  readonly expiresAt: Date
}

const longestLifetimeMs = 7 * 24 * 3600 * 1000

/**
 * Makes a key with which a task may ask models, in the name of one attempt at one step of a run. It ends with its
 * lifetime, with {@link revokeTaskKeys}, and with the mandate of the run.
 *
 * @throws ATL_MANDATE_MISSING, ATL_MANDATE_CLOSED, ATL_KEY_LIFETIME_INVALID
 */
export async function issueTaskKey(tx: Tx, request: TaskKeyRequest): Promise<IssuedTaskKey> {
  const {
    tenantId,
    runId,
    stepId,
    attempt,
    principal,
    models,
    limits = {},
    places = {},
    lifetimeMs,
  } = request
  if (!(lifetimeMs >= 1000 && lifetimeMs <= longestLifetimeMs)) throw keyErrors.LIFETIME_INVALID()
  const mandate = await readMandate(tx, tenantId, runId)
  if (mandate.closed) throw mandateErrors.CLOSED({ detail: runId })
  await forgetOldKeys(tx, tenantId)
  const key = createSecret('sk')
  const { id, expires_at: expiresAt } = await tx
    .insertInto('task_keys')
    .values({
      tenant_id: tenantId,
      id: createId('key'),
      hash: hashOfSecret(key),
      run_id: runId,
      step_id: stepId,
      attempt,
      principal_id: principal.id,
      principal_kind: principal.kind,
      on_behalf_of: principal.onBehalfOf ?? null,
      models: [...models],
      limits: JSON.stringify(limits),
      places: JSON.stringify(places),
      expires_at: sql<Date>`now() + ${Math.ceil(lifetimeMs)} * interval '1 millisecond'`,
      revoked_at: null,
    })
    .returning(['id', 'expires_at'])
    .executeTakeFirstOrThrow()
  return { id, key, expiresAt }
}

/** Which keys: all of a run, of one of its steps, or one by its id. */
export type TaskKeySelection =
  | { readonly runId: RunId; readonly stepId?: string }
  | { readonly keyId: string }

/**
 * Ends keys at once; elsewhere within seconds, see {@link createTaskKeyAuthenticator}.
 * @returns how many were still in force.
 */
export async function revokeTaskKeys(
  tx: Tx,
  tenantId: TenantId,
  selection: TaskKeySelection,
): Promise<number> {
  const inForce = tx
    .updateTable('task_keys')
    .set({ revoked_at: sql<Date>`now()` })
    .where('tenant_id', '=', tenantId)
    .where('revoked_at', 'is', null)
  const selected =
    'keyId' in selection
      ? inForce.where('id', '=', selection.keyId)
      : inForce
          .where('run_id', '=', selection.runId)
          .$if(selection.stepId !== undefined, (query) => query.where('step_id', '=', selection.stepId ?? ''))
  const { numUpdatedRows } = await selected.executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Keys that ended more than a week ago tell nobody anything any more. */
async function forgetOldKeys(tx: Tx, tenantId: TenantId): Promise<void> {
  await tx
    .deleteFrom('task_keys')
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '<', sql<Date>`now() - interval '7 days'`)
    .execute()
}
