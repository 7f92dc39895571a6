import { sql } from 'kysely'
import type { CreateTableBuilder } from 'kysely'
import type { Migration } from './migrate.ts'
import { enableTenantIsolation } from './tenant-isolation.ts'

export const storeMigrations: readonly Migration[] = [
  {
    name: '0100-store-tenants',
    async up(db) {
      await db.schema
        .createTable('tenants')
        .addColumn('id', 'text', (column) => column.primaryKey().check(sql`id <> ''`))
        .addColumn('name', 'text', (column) => column.notNull())
        .$call(withCreationTime)
        .execute()
      await enableTenantIsolation(db, 'tenants', {
        column: 'id',
        application: ['select'],
        system: ['select', 'insert', 'update'],
      })
    },
  },
  {
    name: '0101-store-principals',
    async up(db) {
      await db.schema
        .createTable('principals')
        .$call(withTenant)
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) =>
          column.notNull().check(sql`kind in ('person', 'agent', 'service')`),
        )
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('on_behalf_of', 'text')
        .addColumn('disabled', 'boolean', (column) => column.notNull().defaultTo(false))
        .$call(withCreationTime)
        .addPrimaryKeyConstraint('principals_pkey', ['tenant_id', 'id'])
        .addForeignKeyConstraint(
          'principals_on_behalf_of_fkey',
          ['tenant_id', 'on_behalf_of'],
          'principals',
          ['tenant_id', 'id'],
        )
        .addCheckConstraint(
          'principals_people_act_for_themselves',
          sql`kind <> 'person' or on_behalf_of is null`,
        )
        .execute()
      await enableTenantIsolation(db, 'principals', { system: ['select', 'insert'] })
      await db.schema
        .createTable('principal_roles')
        .$call(withTenant)
        .addColumn('principal_id', 'text', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('principal_roles_pkey', ['tenant_id', 'principal_id', 'role'])
        .addForeignKeyConstraint(
          'principal_roles_principal_fkey',
          ['tenant_id', 'principal_id'],
          'principals',
          ['tenant_id', 'id'],
        )
        .execute()
      await enableTenantIsolation(db, 'principal_roles', { system: ['select', 'insert'] })
    },
  },
  {
    name: '0102-store-projects',
    async up(db) {
      await db.schema
        .createTable('projects')
        .$call(withTenant)
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('principal_id', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('settings', 'jsonb', (column) => column.notNull().defaultTo(sql`'{}'`))
        .$call(withCreationTime)
        .addPrimaryKeyConstraint('projects_pkey', ['tenant_id', 'id'])
        .execute()
      await enableTenantIsolation(db, 'projects')
    },
  },
  {
    name: '0103-store-work-items',
    async up(db) {
      await db.schema
        .createTable('work_items')
        .$call(withTenant)
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('principal_id', 'text', (column) => column.notNull())
        .addColumn('project_id', 'text')
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('body', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('repository', 'jsonb', (column) => column.notNull())
        .addColumn('test_command', 'text')
        .$call(withCreationTime)
        .addPrimaryKeyConstraint('work_items_pkey', ['tenant_id', 'id'])
        .addForeignKeyConstraint('work_items_project_fkey', ['tenant_id', 'project_id'], 'projects', [
          'tenant_id',
          'id',
        ])
        .execute()
      await enableTenantIsolation(db, 'work_items')
    },
  },
  {
    name: '0104-store-blobs',
    async up(db) {
      await db.schema
        .createTable('blobs')
        .$call(withTenant)
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('media_type', 'text', (column) => column.notNull())
        .addColumn('content', 'bytea', (column) => column.notNull())
        .$call(withCreationTime)
        .addPrimaryKeyConstraint('blobs_pkey', ['tenant_id', 'digest'])
        .addCheckConstraint('blobs_digest_matches', sql`digest = 'sha256:' || encode(sha256(content), 'hex')`)
        .execute()
      // What is named by its content never changes.
      await enableTenantIsolation(db, 'blobs', {
        application: ['select', 'insert'],
        system: ['select', 'delete'],
      })
    },
  },
  {
    name: '0105-store-tenant-life',
    async up(db) {
      await db.schema
        .alterTable('tenants')
        .addColumn('state', 'text', (column) =>
          column
            .notNull()
            .defaultTo('active')
            .check(sql`state in ('active', 'suspended')`),
        )
        .addColumn('quotas', 'jsonb', (column) => column.notNull().defaultTo(sql`'{}'`))
        .execute()
    },
  },
  {
    name: '0106-store-roles-by-project-and-source',
    async up(db) {
      // The same role can be given by a person and by a group of the identity provider; each is taken by itself.
      await sql`
        alter table principal_roles
          add column source text not null default 'given' check (source in ('given', 'group')),
          drop constraint principal_roles_pkey,
          add constraint principal_roles_pkey primary key (tenant_id, principal_id, role, source)`.execute(db)
      await sql`
        create table project_roles (
          tenant_id text not null references tenants (id),
          project_id text not null,
          principal_id text not null,
          role text not null,
          source text not null default 'given' check (source in ('given', 'group')),
          primary key (tenant_id, principal_id, project_id, role, source),
          foreign key (tenant_id, principal_id) references principals (tenant_id, id),
          foreign key (tenant_id, project_id) references projects (tenant_id, id)
        )`.execute(db)
      await enableTenantIsolation(db, 'project_roles', { system: ['select'] })
    },
  },
]

type Table = CreateTableBuilder<string, string>

function withTenant(table: Table): Table {
  return table.addColumn('tenant_id', 'text', (column) => column.notNull().references('tenants.id'))
}

function withCreationTime(table: Table): Table {
  return table.addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
}
