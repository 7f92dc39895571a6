import { sql } from 'kysely'
import type { ClientBase } from 'pg'
import { escapeIdentifier } from 'pg'
import { storeErrors } from './errors.ts'
import type { Tx } from './scoped-transaction.ts'

/** The database's roles. The studio's work is done as `application`, bound to one tenant by row-level security. */
export const roles = {
  /** Owns the schema; used for migrations and by the engine for its own tables. */
  owner: 'atelier_owner',
  /** Sees the rows of the tenant that the transaction names, and no others. */
  application: 'atelier_app',
  /** Leases, the reaper and other work across tenants, on tables that grant it. */
  system: 'atelier_system',
} as const

interface RoleState {
  readonly role: string
  readonly present: boolean
  /** Whether the connected user may `SET ROLE` to it. */
  readonly open: boolean
  readonly major: number
}

/**
 * Makes sure that the connected user can step down to the given roles: creates those that are missing and grants them.
 * @throws ATL_STORE_ROLES_MISSING when the user may not, with the statements for an administrator.
 */
export async function ensureRoles(client: ClientBase, wanted: readonly string[]): Promise<void> {
  const states = await roleStates(client, wanted)
  const statements = states.filter(({ open }) => !open).flatMap(statementsFor)
  try {
    for (const { role, present } of states) if (!present) await createRole(client, role)
    for (const state of await roleStates(client, wanted)) if (!state.open) await client.query(grantFor(state))
  } catch (cause) {
    throw storeErrors.ROLES_MISSING({ detail: statements.join('; '), details: { statements }, cause })
  }
}

async function roleStates(client: ClientBase, wanted: readonly string[]): Promise<RoleState[]> {
  const { rows } = await client.query<RoleState>(
    `with server as (select current_setting('server_version_num')::int / 10000 as major)
     select wanted.role, existing.oid is not null as present, server.major,
            coalesce(pg_has_role(current_user, existing.oid,
              case when server.major >= 16 then 'SET' else 'MEMBER' end), false) as open
       from server, unnest($1::text[]) as wanted(role) left join pg_roles existing on existing.rolname = wanted.role`,
    [wanted],
  )
  return rows
}

function statementsFor(state: RoleState): string[] {
  return state.present ? [grantFor(state)] : [creationOf(state.role), grantFor(state)]
}

function creationOf(role: string): string {
  return `create role ${escapeIdentifier(role)} nologin nosuperuser nobypassrls noinherit`
}

/** Without inheritance, where the server knows that: the owner is not to see what policies grant to the role. */
function grantFor({ role, major }: RoleState): string {
  const grant = `grant ${escapeIdentifier(role)} to current_user`
  return major >= 16 ? `${grant} with inherit false, set true` : grant
}

async function createRole(client: ClientBase, role: string): Promise<void> {
  try {
    await client.query(creationOf(role))
  } catch (error) {
    // Roles belong to the whole server: another studio may have been faster.
    if (!['42710', '23505'].includes(String((error as { code?: unknown }).code))) throw error
  }
}

/** @throws ATL_STORE_ROLE_UNSAFE when the current role is not bound by row-level security. */
export async function refuseUnsafeRole(tx: Tx): Promise<void> {
  const { rows } = await sql<{ role: string; unsafe: boolean }>`
    select rolname as role, rolsuper or rolbypassrls as unsafe from pg_roles where rolname = current_user`.execute(
    tx,
  )
  const [current] = rows
  if (current === undefined || current.unsafe)
    throw storeErrors.ROLE_UNSAFE({
      detail: current?.role ?? 'unknown role',
      details: { role: current?.role },
    })
}
