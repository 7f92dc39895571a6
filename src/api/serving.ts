export { operations } from '../contracts/api/index.ts'
export { addGateway, startGatewayServer } from './gateway/index.ts'
export {
  addAuditExport,
  addDocumentation,
  addMetrics,
  addTenantExport,
  createHandlers,
  startApiServer,
} from './http/index.ts'
export { serveCode } from './mcp/index.ts'
export { addSignInRoutes } from './sign-in/index.ts'
