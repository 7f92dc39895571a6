import { sql } from 'kysely'
import { createId } from '../../kernel/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { createSecret, hashOfSecret } from '../identity/index.ts'

const minute = 60_000

/** How long sessions live, in milliseconds of the database's clock. */
export const sessionLimits = {
  /** Without being used. */
  idle: 12 * 60 * minute,
  /** At most, however much it is used. */
  absolute: 7 * 24 * 60 * minute,
  /** Until its secret is replaced. */
  rotation: 15 * minute,
  /** A replaced secret still counts for this long after its successor was first used, for requests under way. */
  overlap: minute,
  /** How exactly the last use is recorded. */
  useResolution: minute,
} as const

export interface NewSession {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
  readonly method: 'link' | 'oidc'
  /** The browser's `User-Agent`. */
  readonly device: string
  readonly provider?: string
  readonly idToken?: string
}

export interface OpenedSession {
  readonly id: string
  /** For the cookie; told once. */
  readonly secret: string
}

/** Opens a session; the browser never brings its secret along from before the sign-in. */
export async function openSession(tx: Tx, session: NewSession): Promise<OpenedSession> {
  await forgetEndedSessions(tx, session.tenantId)
  const secret = createSecret('session')
  const id = createId('ses')
  await tx
    .insertInto('sessions')
    .values({
      tenant_id: session.tenantId,
      id,
      hash: hashOfSecret(secret),
      previous_hash: null,
      principal_id: session.principalId,
      device: describeDevice(session.device),
      method: session.method,
      provider: session.provider ?? null,
      id_token: session.idToken ?? null,
      expires_at: sql<Date>`now() + ${sessionLimits.absolute} * interval '1 millisecond'`,
      confirmed_at: null,
      revoked_at: null,
    })
    .execute()
  return { id, secret }
}

/** Printable and short, as it comes from outside and is shown to people. */
export function describeDevice(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200) || 'unknown'
}

/**
 * Replaces the secret of a session. The one before goes on counting until the new one is used, so that an answer which
 * got lost signs nobody out.
 * @returns undefined where somebody else has just replaced it.
 */
export async function rotateSession(
  tx: Tx,
  tenantId: TenantId,
  sessionId: string,
): Promise<string | undefined> {
  const secret = createSecret('session')
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set(({ ref }) => ({
      previous_hash: ref('hash'),
      hash: hashOfSecret(secret),
      rotated_at: sql<Date>`now()`,
      confirmed_at: null,
    }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .where('rotated_at', '<=', sql<Date>`now() - ${sessionLimits.rotation} * interval '1 millisecond'`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 0n ? undefined : secret
}

/** A session as its holder sees it. */
export interface SessionView {
  readonly id: string
  readonly device: string
  readonly method: 'link' | 'oidc'
  readonly provider: string | null
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly expiresAt: Date
}

/** Sessions in force, last used first. */
export async function sessionsOf(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<readonly SessionView[]> {
  return tx
    .selectFrom('sessions')
    .select(['id', 'device', 'method', 'provider', 'created_at as createdAt', 'last_used_at as lastUsedAt'])
    .select(
      sql<Date>`least(expires_at, last_used_at + ${sessionLimits.idle} * interval '1 millisecond')`.as(
        'expiresAt',
      ),
    )
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .where('last_used_at', '>', sql<Date>`now() - ${sessionLimits.idle} * interval '1 millisecond'`)
    .orderBy('last_used_at', 'desc')
    .limit(200)
    .execute()
}

/** Ends sessions of a principal at once: one, or all but one, or all. @returns how many were in force. */
export async function revokeSessions(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId,
  which: { readonly id?: string; readonly except?: string | null } = {},
): Promise<number> {
  const { id, except } = which
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ revoked_at: sql<Date>`now()`, id_token: null })
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .where('revoked_at', 'is', null)
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .$if(except != null, (query) => query.where('id', '<>', except ?? ''))
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** What a browser needs to sign out at the provider too; undefined for a session that no provider opened. */
export async function providerOfSession(
  tx: Tx,
  tenantId: TenantId,
  sessionId: string,
): Promise<{ readonly provider: string; readonly idToken: string | undefined } | undefined> {
  const row = await tx
    .selectFrom('sessions')
    .select(['provider', 'id_token'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', sessionId)
    .executeTakeFirst()
  if (row?.provider == null) return undefined
  return { provider: row.provider, idToken: row.id_token ?? undefined }
}

/** Sessions that ended a month ago tell nobody anything any more; the audit log has what was done. */
async function forgetEndedSessions(tx: Tx, tenantId: TenantId): Promise<void> {
  await tx
    .deleteFrom('sessions')
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '<', sql<Date>`now() - interval '30 days'`)
    .execute()
}
