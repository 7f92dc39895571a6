export { anthropicMessages } from './anthropic-messages/index.ts'
export { openaiChat } from './openai-chat/index.ts'
export { openaiResponses } from './openai-responses/index.ts'
export type {
  AnswerOptions,
  EncodedError,
  ParsedRequest,
  Protocol,
  ProtocolName,
  Relay,
  RelayReader,
  RelayReaderOptions,
  RelayReading,
  StreamEncoder,
} from './protocol.ts'
