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
