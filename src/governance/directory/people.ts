import { sql } from 'kysely'
import { roleSchema } from '../../contracts/index.ts'
import type { Caller, ProjectRoles, Role } from '../../contracts/index.ts'
import type { PrincipalId, ProjectId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { createSignInLink, revokeApiTokens, revokeSessions } from '../credentials/index.ts'
import type { Administration } from '../door/index.ts'
import { assertQuota, registerPrincipal, rolesColumns } from '../identity/index.ts'
import { authorised, directoryOf } from './authorised.ts'
import { peopleErrors } from './errors.ts'

/** A person or a service of the tenant. */
interface Member {
  readonly id: PrincipalId
  readonly kind: 'person' | 'service'
  readonly name: string
  readonly disabled: boolean
  /** Who answers for a service; null for people. */
  readonly onBehalfOf: PrincipalId | null
  readonly roles: readonly Role[]
  readonly projectRoles: ProjectRoles
  readonly createdAt: Date
  readonly lastSeenAt: Date | null
}

interface RoleChange {
  readonly memberId: PrincipalId
  readonly role: Role
  /** The role holds in this project only; in the whole tenant when absent. */
  readonly projectId?: ProjectId | undefined
}

export interface People {
  /** In the order of their ids. */
  list(
    caller: Caller,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly items: readonly Member[]; readonly next: string | null }>
  /** @throws ATL_PEOPLE_NOT_FOUND */
  get(caller: Caller, id: PrincipalId): Promise<Member>
  /**
   * Makes a person and a code that signs them in once.
   * @throws ATL_PEOPLE_EXISTS, ATL_TENANT_QUOTA_EXCEEDED
   */
  invite(
    caller: Caller,
    person: { readonly id: PrincipalId; readonly name: string },
  ): Promise<{ readonly member: Member; readonly code: string }>
  /** A new code for somebody who is there. @throws ATL_PEOPLE_NOT_FOUND */
  inviteAgain(caller: Caller, id: PrincipalId): Promise<string>
  /** Makes a service, for which a person answers: whatever it has done, it has done for them. @throws ATL_PEOPLE_EXISTS */
  createService(
    caller: Caller,
    service: { readonly id: PrincipalId; readonly name: string; readonly answeredForBy: PrincipalId },
  ): Promise<Member>
  /** Disabling ends every session and token at once. @throws ATL_PEOPLE_LAST_OWNER_CONFLICT */
  setDisabled(caller: Caller, id: PrincipalId, disabled: boolean): Promise<Member>
  /** @throws ATL_DOOR_DENIED, ATL_PEOPLE_PROJECT_NOT_FOUND, ATL_PEOPLE_ROLE_NOT_FOR_SERVICES */
  giveRole(caller: Caller, change: RoleChange): Promise<Member>
  /** @throws ATL_DOOR_DENIED, ATL_PEOPLE_LAST_OWNER_CONFLICT, ATL_PEOPLE_ROLE_FROM_GROUP_CONFLICT */
  takeRole(caller: Caller, change: RoleChange): Promise<Member>
}

const serviceRoles: ReadonlySet<Role> = new Set(roleSchema.exclude(['approver', 'owner']).options)

export function createPeople(administration: Administration): People {
  const manage = <T>(
    caller: Caller,
    detail: Readonly<Record<string, unknown>>,
    work: (tx: Tx, tenantId: TenantId) => Promise<T>,
    action: 'manage-people' | 'read-people' = 'manage-people',
  ): Promise<T> =>
    authorised(administration, caller, { action, resource: directoryOf(caller) }, detail, (tx, actor) =>
      work(tx, actor.tenantId),
    )

  const changeRole = (
    caller: Caller,
    action: 'give-role' | 'take-role',
    { memberId, role, projectId }: RoleChange,
    work: (tx: Tx, member: Member) => Promise<void>,
  ): Promise<Member> => {
    const { principal } = caller
    const { tenantId } = principal
    const resource =
      projectId === undefined ? directoryOf(caller) : ({ kind: 'project', tenantId, projectId } as const)
    const own = [...principal.roles, ...((projectId && principal.projectRoles?.[projectId]) ?? [])]
    const held = own.includes(role) || own.includes('owner')
    const context = { role, self: memberId === principal.id, held }
    const detail = { member: memberId, role, project: projectId ?? null }
    return authorised(administration, caller, { action, resource, context }, detail, async (tx) => {
      await work(tx, await readMember(tx, tenantId, memberId))
      return readMember(tx, tenantId, memberId)
    })
  }

  return {
    list: (caller, { limit, after = '' }) =>
      manage(
        caller,
        {},
        async (tx, tenantId) => {
          const items = await readMembers(tx, tenantId, { after, limit: limit + 1 })
          const page = items.slice(0, limit)
          return { items: page, next: items.length > limit ? (page.at(-1)?.id ?? null) : null }
        },
        'read-people',
      ),
    get: (caller, id) =>
      manage(caller, { member: id }, (tx, tenantId) => readMember(tx, tenantId, id), 'read-people'),
    invite: (caller, { id, name }) =>
      manage(caller, { member: id }, async (tx, tenantId) => {
        await addMember(tx, tenantId, { id, kind: 'person', name })
        const code = await createSignInLink(tx, tenantId, id)
        return { member: await readMember(tx, tenantId, id), code }
      }),
    inviteAgain: (caller, id) =>
      manage(caller, { member: id, invited: true }, async (tx, tenantId) => {
        const member = await readMember(tx, tenantId, id)
        if (member.kind !== 'person') throw peopleErrors.NOT_FOUND({ detail: id })
        return createSignInLink(tx, tenantId, id)
      }),
    createService: (caller, { id, name, answeredForBy }) =>
      manage(caller, { member: id, answeredForBy }, async (tx, tenantId) => {
        const person = await readMember(tx, tenantId, answeredForBy)
        if (person.kind !== 'person') throw peopleErrors.NOT_FOUND({ detail: answeredForBy })
        await addMember(tx, tenantId, { id, kind: 'service', name })
        await tx
          .updateTable('principals')
          .set({ on_behalf_of: answeredForBy })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .execute()
        return readMember(tx, tenantId, id)
      }),
    setDisabled: (caller, id, disabled) =>
      manage(caller, { member: id, disabled }, async (tx, tenantId) => {
        const before = await readMember(tx, tenantId, id)
        if (before.disabled && !disabled && before.kind === 'person')
          await assertQuota(tx, tenantId, 'people')
        await tx
          .updateTable('principals')
          .set({ disabled })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .execute()
        if (disabled) {
          await keepAnOwner(tx, tenantId)
          await revokeSessions(tx, tenantId, id)
          await revokeApiTokens(tx, tenantId, { principalId: id })
        }
        return readMember(tx, tenantId, id)
      }),
    giveRole: (caller, change) =>
      changeRole(caller, 'give-role', change, async (tx, member) => {
        if (member.kind === 'service' && !serviceRoles.has(change.role))
          throw peopleErrors.ROLE_NOT_FOR_SERVICES({ detail: change.role })
        await addRole(tx, caller.principal.tenantId, change)
      }),
    takeRole: (caller, change) =>
      changeRole(caller, 'take-role', change, async (tx) => {
        const { tenantId } = caller.principal
        await removeRole(tx, tenantId, change)
        if (change.role === 'owner' && change.projectId === undefined) await keepAnOwner(tx, tenantId)
      }),
  }
}

async function addMember(
  tx: Tx,
  tenantId: TenantId,
  { id, kind, name }: { readonly id: PrincipalId; readonly kind: Member['kind']; readonly name: string },
): Promise<void> {
  const taken = await tx
    .selectFrom('principals')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (taken !== undefined) throw peopleErrors.EXISTS({ detail: id })
  if (kind === 'person') await assertQuota(tx, tenantId, 'people', 1)
  await registerPrincipal(tx, tenantId, { id, kind, name, roles: [] })
}

async function addRole(tx: Tx, tenantId: TenantId, { memberId, role, projectId }: RoleChange): Promise<void> {
  const row = { tenant_id: tenantId, principal_id: memberId, role }
  if (projectId === undefined) {
    await tx
      .insertInto('principal_roles')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return
  }
  const project = await tx
    .selectFrom('projects')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('id', '=', projectId)
    .executeTakeFirst()
  if (project === undefined) throw peopleErrors.PROJECT_NOT_FOUND({ detail: projectId })
  await tx
    .insertInto('project_roles')
    .values({ ...row, project_id: projectId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function removeRole(
  tx: Tx,
  tenantId: TenantId,
  { memberId, role, projectId }: RoleChange,
): Promise<void> {
  const table = projectId === undefined ? 'principal_roles' : 'project_roles'
  const within = projectId === undefined ? sql`true` : sql`project_id = ${projectId}`
  const held = sql`tenant_id = ${tenantId} and principal_id = ${memberId} and role = ${role} and ${within}`
  await sql`delete from ${sql.table(table)} where ${held} and source = 'given'`.execute(tx)
  const { rows } = await sql`select from ${sql.table(table)} where ${held}`.execute(tx)
  if (rows.length > 0) throw peopleErrors.ROLE_FROM_GROUP_CONFLICT({ detail: role })
}

/** Of two who would each leave the other as the last owner, the second waits for the first here, and is refused. */
async function keepAnOwner(tx: Tx, tenantId: TenantId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`owners of ${tenantId}`}, 0))`.execute(tx)
  const { rows } = await sql`
    select from principals person join principal_roles held on held.tenant_id = person.tenant_id
      and held.principal_id = person.id and held.role = 'owner'
     where person.tenant_id = ${tenantId} and person.kind = 'person' and not person.disabled limit 1`.execute(
    tx,
  )
  if (rows.length === 0) throw peopleErrors.LAST_OWNER_CONFLICT()
}

async function readMember(tx: Tx, tenantId: TenantId, id: PrincipalId): Promise<Member> {
  const [member] = await readMembers(tx, tenantId, { id, limit: 1 })
  if (member === undefined) throw peopleErrors.NOT_FOUND({ detail: id })
  return member
}

async function readMembers(
  tx: Tx,
  tenantId: TenantId,
  which: { readonly id?: PrincipalId; readonly after?: string; readonly limit: number },
): Promise<readonly Member[]> {
  const place = which.id === undefined ? sql`member.id > ${which.after ?? ''}` : sql`member.id = ${which.id}`
  const { rows } = await sql<Omit<Member, 'projectRoles'> & { readonly project_roles: ProjectRoles }>`
    select member.id, kind, name, disabled, on_behalf_of as "onBehalfOf", created_at as "createdAt",
      (select max(used) from (
         select max(last_used_at) as used from sessions where tenant_id = ${tenantId} and principal_id = member.id
         union all
         select max(last_used_at) from api_tokens where tenant_id = ${tenantId} and principal_id = member.id
       ) uses) as "lastSeenAt",
      ${sql.raw(rolesColumns('member.tenant_id', 'member.id'))}
    from principals member
    where member.tenant_id = ${tenantId} and kind in ('person', 'service') and ${place}
    order by member.id limit ${which.limit}`.execute(tx)
  return rows.map(
    ({ id, kind, name, disabled, onBehalfOf, roles, project_roles, createdAt, lastSeenAt }) => ({
      id,
      kind,
      name,
      disabled,
      onBehalfOf,
      roles,
      projectRoles: project_roles,
      createdAt,
      lastSeenAt,
    }),
  )
}
