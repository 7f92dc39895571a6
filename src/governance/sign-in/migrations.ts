import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const signInMigrations: readonly Migration[] = [
  {
    name: '0335-governance-external-identities',
    async up(db) {
      await sql`
        create table external_identities (
          tenant_id text not null references tenants (id),
          issuer text not null,
          subject text not null,
          principal_id text not null,
          created_at timestamptz not null default now(),
          primary key (tenant_id, issuer, subject),
          foreign key (tenant_id, principal_id) references principals (tenant_id, id)
        )`.execute(db)
      await enableTenantIsolation(db, 'external_identities')
    },
  },
  {
    name: '0336-governance-sign-in-attempts',
    async up(db) {
      await sql`
        create table sign_in_attempts (
          tenant_id text not null references tenants (id),
          hash text not null,
          browser_hash text not null,
          provider text not null,
          nonce text not null,
          code_verifier text not null,
          return_to text not null,
          expires_at timestamptz not null,
          primary key (tenant_id, hash)
        )`.execute(db)
      await sql`create index sign_in_attempts_by_expiry on sign_in_attempts (tenant_id, expires_at)`.execute(
        db,
      )
      await enableTenantIsolation(db, 'sign_in_attempts')
    },
  },
]
