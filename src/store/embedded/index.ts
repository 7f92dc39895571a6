export { startEmbeddedServer } from './server.ts'
export type { EmbeddedServer } from './server.ts'
export { findRunningServer } from './lock.ts'
