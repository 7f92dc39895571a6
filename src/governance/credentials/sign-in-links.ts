import { sql } from 'kysely'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { createSecret, hashOfSecret, hasSecretForm } from '../identity/index.ts'
import { signInErrors } from './errors.ts'
import { openSession } from './sessions.ts'
import type { OpenedSession } from './sessions.ts'

/** How long a link can be used. */
const lifetime = '1 day'

/**
 * Makes a code that signs one person in, once. Links that were made for them before stop working.
 * @returns the code, for `/auth/first/CODE`; it is kept nowhere.
 */
export async function createSignInLink(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<string> {
  await tx
    .deleteFrom('sign_in_links')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .execute()
  const code = createSecret('link')
  await tx
    .insertInto('sign_in_links')
    .values({
      tenant_id: tenantId,
      hash: hashOfSecret(code),
      principal_id: principalId,
      expires_at: sql<Date>`now() + ${lifetime}::interval`,
      used_at: null,
    })
    .execute()
  return code
}

/** Whose sign-in a link was. */
interface SignedIn extends OpenedSession {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
}

/**
 * Uses a link. Of many who try at the same time, one is signed in.
 * @param record is called in the transaction, to put the sign-in on record.
 * @throws ATL_SIGNIN_LINK_INVALID, the same whatever is wrong with it.
 */
export async function useSignInLink(
  database: Database,
  code: string,
  device: string,
  record: (tx: Tx, who: { readonly tenantId: TenantId; readonly principalId: PrincipalId }) => Promise<void>,
): Promise<SignedIn> {
  if (!hasSecretForm('link', code)) throw signInErrors.LINK_INVALID()
  const hash = hashOfSecret(code)
  const found = await database.transaction({ kind: 'system' }, (tx) =>
    tx
      .selectFrom('sign_in_links')
      .select(['tenant_id', 'principal_id'])
      .where('hash', '=', hash)
      .executeTakeFirst(),
  )
  if (found === undefined) throw signInErrors.LINK_INVALID()
  const who = { tenantId: found.tenant_id as TenantId, principalId: found.principal_id as PrincipalId }
  return database.transaction({ kind: 'tenant', ...who }, async (tx) => {
    const used = await tx
      .updateTable('sign_in_links as link')
      .set({ used_at: sql<Date>`now()` })
      .from('principals as holder')
      .innerJoin('tenants as tenant', 'tenant.id', 'holder.tenant_id')
      .whereRef('holder.tenant_id', '=', 'link.tenant_id')
      .whereRef('holder.id', '=', 'link.principal_id')
      .where('holder.disabled', '=', false)
      .where('tenant.state', '=', 'active')
      .where('link.tenant_id', '=', who.tenantId)
      .where('link.hash', '=', hash)
      .where('link.used_at', 'is', null)
      .where('link.expires_at', '>', sql<Date>`now()`)
      .executeTakeFirstOrThrow()
    if (used.numUpdatedRows === 0n) throw signInErrors.LINK_INVALID()
    const session = await openSession(tx, { ...who, method: 'link', device })
    await record(tx, who)
    return { ...who, ...session }
  })
}

/** Whether anybody has ever signed in as this person. */
export async function hasSignedIn(tx: Tx, tenantId: TenantId, principalId: PrincipalId): Promise<boolean> {
  const session = await tx
    .selectFrom('sessions')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .limit(1)
    .executeTakeFirst()
  return session !== undefined
}
