import { rolesWithin } from '../../contracts/index.ts'
import type { PolicySource } from './policy-text.ts'
import { type PolicyRequest, projectOf } from './request.ts'

/**
 * Takes a request to what these policies can tell of it from others: two that it takes to the same are decided alike.
 * Of people, projects, runs and approvals there are many, and policies see little of each: roles, who acts for whom,
 * whether a run is one's own, and ids, which they can only compare with ids that they name. Other ids make no difference.
 */
export function alikeRequests(policies: readonly PolicySource[]): (request: PolicyRequest) => unknown {
  const texts = policies.map(({ text }) => text).join('\n')
  // What is written with an escape has another text than the id that it names.
  if (texts.includes('\\')) return (request) => request
  const ifNamed = (id: string): string | null => (texts.includes(`"${id}"`) ? id : null)
  return (request) => ({
    ...request,
    principal: principalSeen(request, ifNamed),
    resource: resourceSeen(request, ifNamed),
  })
}

/** The id, if a policy may name what it belongs to. */
type IfNamed = (id: string) => string | null

/** With the roles that count here, whichever project they are from. */
function principalSeen({ principal, resource }: PolicyRequest, ifNamed: IfNamed): unknown {
  const { kind, id, tenantId, onBehalfOf } = principal
  return {
    ...{ kind, tenantId, id: ifNamed(id) },
    roles: rolesWithin(principal, projectOf(resource)),
    actsFor: onBehalfOf === undefined ? 'nobody' : ifNamed(onBehalfOf),
  }
}

function resourceSeen({ principal, resource }: PolicyRequest, ifNamed: IfNamed): unknown {
  switch (resource.kind) {
    case 'run': {
      const { requester } = resource
      return {
        ...resource,
        runId: ifNamed(resource.runId),
        projectId: ifNamed(resource.projectId),
        requester: ifNamed(requester),
        isOwn: requester === principal.id,
        isOfWhomItActsFor: requester === principal.onBehalfOf,
      }
    }
    case 'project':
      return { ...resource, projectId: ifNamed(resource.projectId) }
    case 'approval': {
      const [approvalId, runId] = [ifNamed(resource.approvalId), ifNamed(resource.runId)]
      return { ...resource, approvalId, runId, projectId: ifNamed(resource.projectId) }
    }
    default:
      return resource
  }
}
