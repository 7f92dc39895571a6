export type {
  AllowedHost,
  Sandbox,
  SandboxHost,
  SandboxLimits,
  SandboxProcess,
  SandboxResult,
  SandboxSpec,
} from './port.ts'
export { createUnconfinedHost } from './unconfined/unconfined-host.ts'

export { createNamespaceHost } from './namespaces/create-host.ts'

export { probeSandbox } from './namespaces/probe.ts'

export { openEgress, socketName } from './egress/index.ts'
export type { EgressDecision } from './egress/index.ts'

export { sandboxErrors } from './errors.ts'
export { forwarderScript } from './egress/index.ts'
