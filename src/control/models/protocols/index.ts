export { anthropicMessages } from './anthropic-messages/index.ts'
export { openaiChat } from './openai-chat/index.ts'
export { openaiResponses } from './openai-responses/index.ts'
export type {
  ParsedRequest,
  Protocol,
  ProtocolName,
  RelayReader,
  RelayReading,
  StreamEncoder,
} from './protocol.ts'
