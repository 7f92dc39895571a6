import { sql } from 'kysely'
import { digestOf } from '../../kernel/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { revokeApiTokens, revokeSessions } from '../credentials/index.ts'
import { assertQuota, findPrincipal, registerPrincipal } from '../identity/index.ts'
import { oidcErrors } from './errors.ts'
import type { OidcIdentity } from './oidc/client.ts'
import type { GroupGrant } from './providers.ts'

export type Admission =
  | { readonly kind: 'admitted'; readonly principalId: PrincipalId }
  /** Nobody, or nobody any more. */
  | { readonly kind: 'no-access'; readonly principalId: PrincipalId | undefined }

/**
 * The person behind an identity, made at their first sign-in, with exactly the roles that their groups bring now beside
 * those that people gave them. Whoever has none is let in no more, and loses every session and token.
 * @throws ATL_TENANT_QUOTA_EXCEEDED, ATL_OIDC_PERSON_FORBIDDEN
 */
export async function admitPerson(
  tx: Tx,
  tenantId: TenantId,
  identity: OidcIdentity,
  grant: GroupGrant,
): Promise<Admission> {
  // Two first sign-ins of one person at the same time make one person.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${identity.issuer} ${identity.subject}`}, 0))`.execute(
    tx,
  )
  const known = await findExternal(tx, tenantId, identity)
  const bringsNothing = grant.roles.size === 0 && grant.projectRoles.length === 0
  if (known === undefined && bringsNothing) return { kind: 'no-access', principalId: undefined }
  const principalId = known ?? (await createPerson(tx, tenantId, identity))
  await replaceGroupRoles(tx, tenantId, principalId, grant)
  const principal = await findPrincipal(tx, tenantId, principalId)
  if (principal === undefined) throw oidcErrors.PERSON_FORBIDDEN({ detail: principalId })
  if (principal.roles.length > 0 || principal.projectRoles !== undefined)
    return { kind: 'admitted', principalId }
  await revokeSessions(tx, tenantId, principalId)
  await revokeApiTokens(tx, tenantId, { principalId })
  return { kind: 'no-access', principalId }
}

/** @throws ATL_OIDC_PERSON_FORBIDDEN for somebody who is disabled, or in a suspended tenant. */
async function findExternal(
  tx: Tx,
  tenantId: TenantId,
  { issuer, subject }: OidcIdentity,
): Promise<PrincipalId | undefined> {
  const tenant = await tx.selectFrom('tenants').select('state').where('id', '=', tenantId).executeTakeFirst()
  if (tenant?.state !== 'active') throw oidcErrors.PERSON_FORBIDDEN({ detail: 'the tenant is not active' })
  const row = await tx
    .selectFrom('external_identities as identity')
    .innerJoin('principals as person', (join) =>
      join
        .onRef('person.tenant_id', '=', 'identity.tenant_id')
        .onRef('person.id', '=', 'identity.principal_id'),
    )
    .select(['person.id', 'person.disabled'])
    .where('identity.tenant_id', '=', tenantId)
    .where('identity.issuer', '=', issuer)
    .where('identity.subject', '=', subject)
    .executeTakeFirst()
  if (row?.disabled === true) throw oidcErrors.PERSON_FORBIDDEN({ detail: row.id })
  return row?.id as PrincipalId | undefined
}

/**
 * Somebody who is there already is never taken for the newcomer because of an equal name or address: those can be
 * chosen at the provider.
 */
async function createPerson(tx: Tx, tenantId: TenantId, identity: OidcIdentity): Promise<PrincipalId> {
  await assertQuota(tx, tenantId, 'people')
  const handle = identity.handle
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '')
  const plain = `person:${handle.slice(0, 60) || 'somebody'}` as PrincipalId
  const taken = await findPrincipal(tx, tenantId, plain)
  const mark = digestOf(`${identity.issuer}\n${identity.subject}`).slice(
    'sha256:'.length,
    'sha256:'.length + 8,
  )
  const principalId = taken === undefined ? plain : (`${plain}-${mark}` as PrincipalId)
  const name = identity.name.replaceAll(/\p{C}/gu, '').slice(0, 100)
  await registerPrincipal(tx, tenantId, { id: principalId, kind: 'person', name, roles: [] })
  await tx
    .insertInto('external_identities')
    .values({
      tenant_id: tenantId,
      issuer: identity.issuer,
      subject: identity.subject,
      principal_id: principalId,
    })
    .execute()
  return principalId
}

async function replaceGroupRoles(
  tx: Tx,
  tenantId: TenantId,
  principalId: PrincipalId,
  { roles, projectRoles }: GroupGrant,
): Promise<void> {
  for (const table of ['principal_roles', 'project_roles'] as const)
    await tx
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('principal_id', '=', principalId)
      .where('source', '=', 'group')
      .execute()
  const row = { tenant_id: tenantId, principal_id: principalId, source: 'group' as const }
  if (roles.size > 0)
    await tx
      .insertInto('principal_roles')
      .values([...roles].map((role) => ({ ...row, role })))
      .execute()
  // A project of the mapping that is not there yet brings nothing.
  for (const { projectId, role } of projectRoles)
    await sql`
      insert into project_roles (tenant_id, project_id, principal_id, role, source)
        select tenant_id, id, ${principalId}, ${role}, 'group' from projects
         where tenant_id = ${tenantId} and id = ${projectId}`.execute(tx)
}
