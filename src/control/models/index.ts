export { anthropicMessages, openaiChat, openaiResponses } from './protocols/index.ts'
export type { Protocol, ProtocolName } from './protocols/index.ts'
