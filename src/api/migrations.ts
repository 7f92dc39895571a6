import type { Migration } from '../store/index.ts'
import { httpMigrations } from './http/migrations.ts'
import { serviceMigrations } from './services/index.ts'

/** All of the plane's migrations, in order. */
export const apiMigrations: readonly Migration[] = [...httpMigrations, ...serviceMigrations]
