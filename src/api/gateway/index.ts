export { startGatewayServer } from './server.ts'
export type { GatewayServer, GatewayServerOptions } from './server.ts'
