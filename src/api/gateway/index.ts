export { startGatewayServer } from './server.ts'
