export type { PermittedActs } from './port.ts'
export { codingAgentTool } from './run-tool.ts'
export type { CodingAgentInput, CodingAgentOutput, CodingAgentPlaces } from './run-tool.ts'
