import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type PolicyHandlers = Pick<
  Handlers,
  | 'getPolicies'
  | 'testPolicies'
  | 'checkPolicy'
  | 'simulatePolicy'
  | 'simulateShippedPolicy'
  | 'listOwnPolicies'
  | 'listOwnPolicyVersions'
  | 'savePolicyDraft'
  | 'rehearsePolicy'
  | 'decidePolicy'
>

export function policyHandlers({ policies }: Pick<Services, 'policies'>): PolicyHandlers {
  return {
    getPolicies: ({ caller }) => policies.inForce(caller),
    testPolicies: async ({ caller }) => ({ files: await policies.runShippedTests(caller) }),
    checkPolicy: ({ caller, body }) => policies.own.check(caller.principal, body),
    simulatePolicy: ({ caller, body: { name, text, ...how } }) =>
      policies.own.simulate(caller.principal, { name, text }, how),
    simulateShippedPolicy: ({ caller, body: { id, text, ...how } }) =>
      policies.own.simulateShipped(caller.principal, { id, text }, how),
    listOwnPolicies: async ({ caller }) => ({ items: await policies.own.list(caller.principal) }),
    listOwnPolicyVersions: async ({ caller, params }) => ({
      items: await policies.own.versions(caller.principal, params.name),
    }),
    savePolicyDraft: ({ caller, params, body }) =>
      policies.own.saveDraft(caller.principal, { ...params, ...body }),
    rehearsePolicy: ({ caller, params, body }) => policies.own.rehearse(caller.principal, params.name, body),
    decidePolicy: ({ caller, params, body }) => policies.decide(caller, { ...params, ...body }),
  }
}
