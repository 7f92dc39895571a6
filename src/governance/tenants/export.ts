import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import { escapeIdentifier } from 'pg'
import type { Clock, TenantId } from '../../kernel/index.ts'
import type { Database, Scope } from '../../store/index.ts'
import { tenantTables } from './tenant-tables.ts'

/** What opens something even as a digest, or names a session elsewhere, stays where it is. */
const withheld = {
  api_tokens: ['hash'],
  device_logins: ['hash', 'user_code'],
  sessions: ['hash', 'previous_hash', 'id_token'],
  sign_in_attempts: ['hash', 'browser_hash', 'nonce', 'code_verifier'],
  sign_in_links: ['hash'],
  task_keys: ['hash'],
} as const satisfies Record<string, readonly string[]>

/**
 * Writes everything of a tenant as JSON Lines, in one snapshot of the database: a first line that says what this is, a
 * line for each row, and a last one with counts and the digest of all lines before, without which the export is cut
 * off. It is read in the tenant's own scope, so row-level security holds for it as for everything else.
 * @param write is waited for before more is read.
 */
export async function exportTenant(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  scope: Extract<Scope, { kind: 'tenant' }>,
  write: (line: string) => Promise<void>,
): Promise<void> {
  await database.transaction(
    scope,
    async (_tx, client) => {
      const digest = createHash('sha256')
      const put = async (value: unknown): Promise<void> => {
        const line = JSON.stringify(value)
        digest.update(`${line}\n`)
        await write(line)
      }
      const exportedAt = new Date(clock.now()).toISOString()
      await put({ format: 'atelier-tenant-export/1', tenantId: scope.tenantId, exportedAt })
      const counts: Record<string, number> = {}
      counts['tenants'] = await exportTable(client, put, 'tenants', `id = $1`, scope.tenantId, 1)
      for (const { name, hasContent } of await tenantTables(client))
        counts[name] = await exportTable(
          client,
          put,
          name,
          `tenant_id = $1`,
          scope.tenantId,
          hasContent ? 8 : 500,
        )
      await write(JSON.stringify({ end: true, counts, sha256: digest.digest('hex') }))
    },
    { isolation: 'repeatable read' },
  )
}

async function exportTable(
  client: PoolClient,
  put: (value: unknown) => Promise<void>,
  table: string,
  condition: string,
  tenantId: TenantId,
  atOnce: number,
): Promise<number> {
  const hidden = Object.hasOwn(withheld, table) ? withheld[table as keyof typeof withheld] : []
  await client.query(
    `declare exported no scroll cursor for
       select to_jsonb(exported_row.*) - $2::text[] as row from ${escapeIdentifier(table)} exported_row where ${condition}`,
    [tenantId, hidden],
  )
  let count = 0
  for (;;) {
    const { rows } = await client.query<{ row: unknown }>(`fetch ${atOnce} from exported`)
    for (const { row } of rows) await put({ table, row })
    count += rows.length
    if (rows.length < atOnce) break
  }
  await client.query('close exported')
  return count
}
