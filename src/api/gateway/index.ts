export { startGatewayServer } from './server.ts'
export type { GatewayServer, GatewayServerOptions, ListenPlace } from './server.ts'
