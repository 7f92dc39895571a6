export { egressVariables, forwarderPort, forwarderScript, openEgress, socketName } from './egress.ts'
export type { Egress } from './egress.ts'
export type { EgressDecision } from './proxy.ts'
