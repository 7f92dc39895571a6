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
export { createUnconfinedHost } from './unconfined/unconfined-host.ts'
export type { UnconfinedHostOptions } from './unconfined/unconfined-host.ts'
export { createNamespaceHost } from './namespaces/create-host.ts'
export type { NamespaceHostOptions } from './namespaces/create-host.ts'
export { probeSandbox } from './namespaces/probe.ts'
export type { SandboxProbe } from './namespaces/probe.ts'
export type { EgressDecision } from './egress/index.ts'
export { sandboxErrors } from './errors.ts'
