import type { ClientBase } from 'pg'
import { escapeIdentifier } from 'pg'
import type { TenantId } from '../kernel/index.ts'
import { durableSchema } from './durable-functions.ts'

/** Whether a step of the tenant is being performed anywhere right now. `client` is the owner of the schema. */
export async function isAtWork(client: ClientBase, tenantId: TenantId): Promise<boolean> {
  const { rows } = await client.query(
    `select from ${durableSchema}.workflow_status where starts_with(workflow_uuid, $1) and status = 'PENDING' limit 1`,
    [`${tenantId}/`],
  )
  return rows.length > 0
}

/** Removes what the library of durable execution has of a tenant. @returns how many rows. */
export async function forgetTickets(client: ClientBase, tenantId: TenantId): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    `select columns.table_name as name from information_schema.columns join information_schema.tables
        using (table_schema, table_name)
      where table_schema = $1 and column_name = 'workflow_uuid' and table_type = 'BASE TABLE'
      order by columns.table_name = 'workflow_status', 1`,
    [durableSchema],
  )
  let removed = 0
  for (const { name } of rows) {
    const table = `${durableSchema}.${escapeIdentifier(name)}`
    const { rowCount } = await client.query(`delete from ${table} where starts_with(workflow_uuid, $1)`, [
      `${tenantId}/`,
    ])
    removed += rowCount ?? 0
  }
  return removed
}
