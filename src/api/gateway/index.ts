export { startGatewayServer } from './server.ts'
export type { GatewayServer, GatewayServerOptions, ListenPlace } from './server.ts'
export type {
  EmbeddingAnswer,
  EmbeddingCall,
  ExchangeAnswer,
  ExchangeCall,
  GatewayCore,
  ListedModel,
} from './gateway-core.ts'
