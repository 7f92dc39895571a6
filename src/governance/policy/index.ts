export { codeAccess, codeResource } from './code-access.ts'
export { loadPolicies } from './policy-engine.ts'
export type { PolicyDecision, PolicyEngine, PolicyLocations } from './policy-engine.ts'
export { readPolicyTests, runPolicyTests } from './policy-tests.ts'

export { nameResource, projectOf, toolActions } from './request.ts'
export type { Isolation, PolicyRequest, RepositoryFacts, ToolAction, HandsOffContext } from './request.ts'
