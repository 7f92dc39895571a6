export type {
  AllowedHost,
  EgressPolicy,
  Sandbox,
  SandboxCommand,
  SandboxHost,
  SandboxLimits,
  SandboxProcess,
  SandboxResult,
  SandboxSpec,
} from './port.ts'
export { createUnconfinedHost } from './unconfined.ts'
export type { UnconfinedHostOptions } from './unconfined.ts'
export { sandboxErrors } from './errors.ts'
