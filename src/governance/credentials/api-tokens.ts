import { sql } from 'kysely'
import { createId } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { createSecret, hashOfSecret } from '../identity/index.ts'
import { tokenErrors } from './errors.ts'

export interface NewApiToken {
  readonly tenantId: TenantId
  /** In whose name it acts. */
  readonly principalId: PrincipalId
  readonly name: string
  /** Groups of actions or single actions, see `contracts/scope.ts`. */
  readonly scopes: readonly string[]
  /** Projects outside of which the roles of its holder do not count. */
  readonly projects?: readonly ProjectId[]
  /** From a minute to 366 days. */
  readonly lifetimeMs: number
  readonly createdBy: PrincipalId
}

/** A token as people see it. */
export interface ApiTokenView {
  readonly id: string
  readonly name: string
  readonly principalId: PrincipalId
  readonly scopes: readonly string[]
  readonly projects: readonly ProjectId[] | null
  readonly createdBy: PrincipalId
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
}

export interface IssuedApiToken extends ApiTokenView {
  /** `atl_api_…`; told once and kept nowhere. */
  readonly token: string
}

const day = 24 * 3600 * 1000
const longestLifetimeMs = 366 * day

/** @throws ATL_TOKEN_LIFETIME_INVALID */
export async function issueApiToken(tx: Tx, request: NewApiToken): Promise<IssuedApiToken> {
  const { tenantId, principalId, name, scopes, projects, lifetimeMs, createdBy } = request
  if (!(lifetimeMs >= 60_000 && lifetimeMs <= longestLifetimeMs)) throw tokenErrors.LIFETIME_INVALID()
  const token = createSecret('api')
  const row = await tx
    .insertInto('api_tokens')
    .values({
      tenant_id: tenantId,
      id: createId('token'),
      hash: hashOfSecret(token),
      principal_id: principalId,
      name,
      scopes: [...scopes],
      projects: projects === undefined ? null : [...projects],
      created_by: createdBy,
      expires_at: sql<Date>`now() + ${Math.ceil(lifetimeMs)} * interval '1 millisecond'`,
      last_used_at: null,
      revoked_at: null,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return { ...viewToken(row), token }
}

/** Tokens in force, newest first: of one principal, or of all. */
export async function apiTokensOf(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId | 'all',
): Promise<readonly ApiTokenView[]> {
  const rows = await tx
    .selectFrom('api_tokens')
    .select(columns)
    .where('tenant_id', '=', tenantId)
    .$if(principalId !== 'all', (query) => query.where('principal_id', '=', principalId))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .orderBy('created_at', 'desc')
    .limit(1000)
    .execute()
  return rows.map(viewToken)
}

/** Ends tokens at once: one by its id, or all of a principal. @returns whose they were; one entry for each token. */
export async function revokeApiTokens(
  tx: Tx,
  tenantId: TenantId,
  which: { readonly id: string } | { readonly principalId: PrincipalId },
): Promise<readonly PrincipalId[]> {
  const rows = await tx
    .updateTable('api_tokens')
    .set({ revoked_at: sql<Date>`now()` })
    .where('tenant_id', '=', tenantId)
    .where('revoked_at', 'is', null)
    .$call((query) =>
      'id' in which ? query.where('id', '=', which.id) : query.where('principal_id', '=', which.principalId),
    )
    .returning('principal_id')
    .execute()
  return rows.map((row) => row.principal_id as PrincipalId)
}

/** Whose token this is; undefined where the tenant has none of this id in force. */
export async function holderOfToken(
  tx: Tx,
  tenantId: TenantId,
  id: string,
): Promise<PrincipalId | undefined> {
  const row = await tx
    .selectFrom('api_tokens')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row?.principal_id as PrincipalId | undefined
}

const columns = [
  'id',
  'name',
  'principal_id',
  'scopes',
  'projects',
  'created_by',
  'created_at',
  'expires_at',
  'last_used_at',
] as const

function viewToken(row: {
  readonly id: string
  readonly name: string
  readonly principal_id: string
  readonly scopes: readonly string[]
  readonly projects: readonly string[] | null
  readonly created_by: string
  readonly created_at: Date
  readonly expires_at: Date
  readonly last_used_at: Date | null
}): ApiTokenView {
  return {
    id: row.id,
    name: row.name,
    principalId: row.principal_id as PrincipalId,
    scopes: row.scopes,
    projects: row.projects as readonly ProjectId[] | null,
    createdBy: row.created_by as PrincipalId,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }
}
