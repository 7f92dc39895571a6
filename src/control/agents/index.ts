export { loadAgents, parseAgent, requireAgent, requireGrant } from './agent-file.ts'
export type { Agent } from './agent-file.ts'
