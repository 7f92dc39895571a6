export { startGatewayServer } from './server.ts'
export { addGateway } from './studio-endpoints.ts'
