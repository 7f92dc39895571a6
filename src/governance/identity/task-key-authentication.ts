import { sql } from 'kysely'
import type { Principal } from '../../contracts/index.ts'
import type { AtelierError, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { keyErrors } from './errors.ts'
import { hashOfSecret, hasSecretForm } from './secret-form.ts'
import type { KeyLimits, KeyPlaces } from './task-keys.ts'

/** What a key stands for: who asks, for which step, and what may be asked. */
export interface TaskKeyGrant {
  readonly keyId: string
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  readonly attempt: number
  /** A claim without roles; the door checks it. */
  readonly principal: Principal
  readonly models: readonly string[]
  readonly limits: KeyLimits
  readonly places: KeyPlaces
}

export interface TaskKeyAuthenticator {
  /**
   * What the key stands for. A key in force is believed for {@link TaskKeyAuthenticatorOptions.believedMs} without
   * asking the database again.
   * @throws ATL_KEY_MISSING, ATL_KEY_UNKNOWN, ATL_KEY_EXPIRED, ATL_KEY_REVOKED; ATL_STORE_UNAVAILABLE (retryable).
   */
  authenticate(key: string | undefined): Promise<TaskKeyGrant>
  /** Asks the database again at the next use of any key; for whoever has just revoked some. */
  forget(): void
}

export interface TaskKeyAuthenticatorOptions {
  readonly database: Database
  /** How long revocation may take to be noticed; 3 s when absent. */
  readonly believedMs?: number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: () => number
  /** Told once of every key that was in force some time, and is used when it is not. */
  readonly onRefused?: (refused: RefusedKey) => Promise<void>
}

export interface RefusedKey {
  readonly keyId: string
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly principalId: PrincipalId
  readonly error: AtelierError
}

/** A key still counts for this long after its expiry, for callers whose clock runs behind the database's. */
const toleranceMs = 2000
/** Keys that are believed at the same time at most. */
const mostBelieved = 4096

interface Believed {
  readonly grant: TaskKeyGrant
  readonly until: number
}

/**
 * Authenticates tasks by their keys. Every key costs one hash and one look into memory; one that is not in memory, two
 * look-ups by an index. What is kept in memory are hashes, and of keys in force only.
 */
export function createTaskKeyAuthenticator(options: TaskKeyAuthenticatorOptions): TaskKeyAuthenticator {
  const { believedMs = 3000, monotonicNow = () => performance.now() } = options
  const believed = new Map<string, Believed>()
  const underWay = new Map<string, Promise<TaskKeyGrant>>()
  /** Keys whose refusal is known; bounded, so that a refusal may be told of twice rather than memory grow. */
  const refused = new Set<string>()
  let generation = 0

  const lookUp = async (hash: string): Promise<TaskKeyGrant> => {
    const [begun, generationBefore] = [monotonicNow(), generation]
    const { grant, remainingMs } = await readKey(options, hash, refused)
    if (generation === generationBefore) {
      const [oldest] = believed.keys()
      if (believed.size >= mostBelieved && oldest !== undefined) believed.delete(oldest)
      believed.set(hash, { grant, until: begun + Math.min(believedMs, remainingMs) })
    }
    return grant
  }

  return {
    async authenticate(key) {
      if (key === undefined || key === '') throw keyErrors.MISSING()
      if (!hasSecretForm('sk', key)) throw keyErrors.UNKNOWN()
      const hash = hashOfSecret(key)
      const known = believed.get(hash)
      if (known !== undefined && monotonicNow() < known.until) return known.grant
      believed.delete(hash)
      const running = underWay.get(hash)
      if (running !== undefined) return running
      const looking = lookUp(hash).finally(() => underWay.delete(hash))
      underWay.set(hash, looking)
      return looking
    },
    forget() {
      generation += 1
      believed.clear()
      underWay.clear()
    },
  }
}

/** Why a key that is known is not in force. */
function flawOf(
  row: {
    readonly id: string
    readonly revoked_at: Date | null
    readonly closed_at: Date | null
    readonly expires_at: Date
  },
  remainingMs: number,
): AtelierError | undefined {
  const details = { keyId: row.id }
  if (row.revoked_at !== null) return keyErrors.REVOKED({ details })
  if (row.closed_at !== null) return keyErrors.REVOKED({ detail: 'its run has ended', details })
  if (remainingMs > 0) return undefined
  return keyErrors.EXPIRED({ detail: `at ${row.expires_at.toISOString()}`, details })
}

/** @throws ATL_KEY_UNKNOWN, ATL_KEY_EXPIRED, ATL_KEY_REVOKED */
async function readKey(
  { database, onRefused }: Pick<TaskKeyAuthenticatorOptions, 'database' | 'onRefused'>,
  hash: string,
  refused: Set<string>,
): Promise<{ readonly grant: TaskKeyGrant; readonly remainingMs: number }> {
  const owner = await database.transaction({ kind: 'system' }, (tx) =>
    tx
      .selectFrom('task_keys')
      .select(['tenant_id', 'principal_id'])
      .where('hash', '=', hash)
      .executeTakeFirst(),
  )
  if (owner === undefined) throw keyErrors.UNKNOWN()
  const tenantId = owner.tenant_id as TenantId
  const scope = { kind: 'tenant', tenantId, principalId: owner.principal_id as PrincipalId } as const
  const row = await database.transaction(scope, (tx) =>
    tx
      .selectFrom('task_keys as key')
      .innerJoin('mandates as mandate', (join) =>
        join.onRef('mandate.tenant_id', '=', 'key.tenant_id').onRef('mandate.run_id', '=', 'key.run_id'),
      )
      .selectAll('key')
      .select(['mandate.project_id', 'mandate.closed_at'])
      .select(sql<number>`(extract(epoch from key.expires_at - now()) * 1000)::float8`.as('remaining_ms'))
      .where('key.tenant_id', '=', tenantId)
      .where('key.hash', '=', hash)
      .executeTakeFirst(),
  )
  if (row === undefined) throw keyErrors.UNKNOWN()
  const remainingMs = row.remaining_ms + toleranceMs
  const error = flawOf(row, remainingMs)
  if (error !== undefined) {
    if (!refused.has(row.id)) {
      if (refused.size >= mostBelieved) refused.clear()
      refused.add(row.id)
      const { id: keyId, run_id: runId, principal_id: principalId } = row
      await onRefused?.({
        keyId,
        tenantId,
        runId: runId as RunId,
        principalId: principalId as PrincipalId,
        error,
      })
    }
    throw error
  }
  const principal: Principal = {
    kind: row.principal_kind,
    id: row.principal_id as PrincipalId,
    tenantId,
    roles: [],
    onBehalfOf: (row.on_behalf_of ?? undefined) as PrincipalId | undefined,
  }
  const grant = {
    keyId: row.id,
    tenantId,
    projectId: row.project_id as ProjectId,
    runId: row.run_id as RunId,
    stepId: row.step_id,
    attempt: row.attempt,
    principal,
    models: row.models,
    limits: row.limits,
    places: row.places,
  }
  return { grant, remainingMs }
}
