export { connect } from './database.ts'
export type { Database, DatabaseOwner, Scope } from './database.ts'
export { sendOn } from './pipelined-transaction.ts'
export type { Pipeline } from './pipelined-transaction.ts'
export type { ScopedStatement, Tx } from './scoped-transaction.ts'
export type { DatabaseTarget } from './target.ts'
export type { CreatedAt, JsonColumn, Tables, TenantQuotas } from './tables.ts'
export {
  copyRunningDatabase,
  findRunningServer,
  restoreDatabase,
  startEmbeddedServer,
} from './embedded/index.ts'
export { copyFolder, createFile, makeDurable } from './file-copy.ts'
export type { CopiedFile } from './file-copy.ts'
export type { EmbeddedServer } from './embedded/index.ts'
export { moveRows, moveSessions, refuseOtherSchema, refuseStrangers } from './move/index.ts'
export type { MoveProgress } from './move/index.ts'
export { inReferenceOrder } from './reference-order.ts'
export { migrate } from './migrate.ts'
export type { Migration } from './migrate.ts'
export { storeMigrations } from './migrations.ts'
export { enableTenantIsolation } from './tenant-isolation.ts'

export { getBlob, putBlob } from './blobs.ts'

export { roles } from './roles.ts'
export { storeErrors } from './errors.ts'
