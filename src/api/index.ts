export type { CodeContextAnswer, CodePlace, CodeSearchAnswer } from './code-queries.ts'
export type { RouteExplanation } from './routing-queries.ts'
export type { RoutingReport } from '../control/routing/index.ts'
export { createStudio } from './studio-service.ts'
export type { StudioServices } from './services/index.ts'
export { serveCode } from './mcp/index.ts'
export type { Studio } from './studio.ts'
export { startGatewayServer } from './gateway/index.ts'
export type { ServerTool, ToolServer } from './tool-servers.ts'
export { apiMigrations } from './migrations.ts'
export {
  addAuditExport,
  addDocumentation,
  addMetrics,
  addTenantExport,
  createHandlers,
  startApiServer,
} from './http/index.ts'
export { addSignInRoutes } from './sign-in/index.ts'
export { createServices } from './services/index.ts'
export type { ApiServer } from './http/index.ts'
