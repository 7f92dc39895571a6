export { createOwnPolicies } from './own-policies.ts'
export type { OwnPolicies } from './own-policies.ts'
