export { serveCode } from './code-server.ts'
