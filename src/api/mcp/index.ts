export { serveCode } from './code-server.ts'
export type { CodeServerOptions } from './code-server.ts'
