export { acpAgents } from './acp/agents.ts'
export type { AcpAgent } from './acp/agents.ts'
export { runAcpAgent } from './acp/run-acp.ts'
export { codingAgentErrors } from './errors.ts'
export { headlessAgents, runHeadlessAgent } from './headless/run-headless.ts'
export type { HeadlessAgent, HeadlessLaunch, HeadlessTask } from './headless/adapter.ts'
export type {
  Claim,
  CodingAgentLimits,
  CodingAgentRequest,
  CodingAgentResult,
  GatewayAccess,
  Installation,
  ModelProtocol,
  PermittedActs,
  Refusal,
} from './port.ts'
export type { TranscriptEntry } from './transcript.ts'
