export { startEmbeddedServer } from './server.ts'
export type { EmbeddedServer, EmbeddedServerOptions } from './server.ts'
export { findRunningServer } from './lock.ts'
