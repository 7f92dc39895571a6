import { apiMigrations } from '../api/index.ts'
import { contextMigrations } from '../control/context/index.ts'
import { figureMigrations } from '../control/figures/index.ts'
import { modelMigrations } from '../control/models/index.ts'
import { routingMigrations } from '../control/routing/index.ts'
import { engineMigrations } from '../engine/index.ts'
import { mcpMigrations } from '../execution/mcp/index.ts'
import { governanceMigrations } from '../governance/index.ts'
import { type Migration, storeMigrations } from '../store/index.ts'

/** The schema of all planes, in the order in which it is made. */
export const allMigrations: readonly Migration[] = [
  ...storeMigrations,
  ...engineMigrations,
  ...governanceMigrations,
  ...contextMigrations,
  ...modelMigrations,
  ...routingMigrations,
  ...figureMigrations,
  ...mcpMigrations,
  ...apiMigrations,
]
