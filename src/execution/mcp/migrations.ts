import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const mcpMigrations: readonly Migration[] = [
  {
    name: '0400-execution-mcp-tools',
    async up(db) {
      await sql`
        create table mcp_tools (
          tenant_id text not null references tenants (id),
          server text not null,
          tool text not null,
          seen_digest text,
          seen_definition jsonb,
          seen_at timestamptz not null,
          accepted_digest text,
          accepted_definition jsonb,
          principal_id text,
          accepted_at timestamptz,
          primary key (tenant_id, server, tool),
          check (num_nulls(seen_digest, seen_definition) in (0, 2)),
          check (num_nulls(accepted_digest, accepted_definition, principal_id, accepted_at) in (0, 4))
        )`.execute(db)
      await enableTenantIsolation(db, 'mcp_tools')
    },
  },
]
