import { sql } from 'kysely'
import type { Migration } from '../../store/index.ts'
import { enableTenantIsolation } from '../../store/index.ts'

export const ownTextMigrations: readonly Migration[] = [
  {
    name: '0360-governance-own-texts',
    async up(db) {
      await sql`
        create table own_texts (
          tenant_id text not null references tenants (id),
          kind text not null check (kind in ('policy', 'workflow')),
          name text not null check (name ~ '^[a-z][a-z0-9-]{0,63}$'),
          version integer not null check (version > 0),
          state text not null check (state in ('draft', 'in-force', 'superseded', 'rejected')),
          text text not null,
          tests text not null,
          digest text not null,
          authors text[] not null check (cardinality(authors) > 0),
          rehearsal jsonb,
          decided_by text,
          reason text,
          created_at timestamptz not null,
          changed_at timestamptz not null,
          decided_at timestamptz,
          primary key (tenant_id, kind, name, version),
          constraint own_texts_decided_by_another check (decided_by <> all (authors)),
          constraint own_texts_decided_unless_draft check ((state = 'draft') = (decided_by is null))
        )`.execute(db)
      for (const state of ['draft', 'in-force'])
        await sql`
          create unique index ${sql.id(`own_texts_one_${state.replace('-', '_')}`)} on own_texts
          (tenant_id, kind, name) where state = ${sql.lit(state)}`.execute(db)
      await enableTenantIsolation(db, 'own_texts', {
        application: ['select', 'insert', 'update'],
        system: ['select'],
      })
    },
  },
]
