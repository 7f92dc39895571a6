import { type Principal, rolesWithin } from '../../contracts/index.ts'
import type { Cedar, PolicySource } from './policy-text.ts'
import { type PolicyRequest, projectOf } from './request.ts'

/**
 * Takes a request to what these policies can tell of it from others: two that it takes to the same are decided alike.
 * Of people, projects, runs and approvals there are many, and policies see little of each: roles, who acts for whom,
 * whether a run is one's own, and ids, which they can only compare with ids that they name. Other ids make no difference.
 */
export function alikeRequests(
  cedar: Cedar,
  policies: readonly PolicySource[],
): (request: PolicyRequest) => unknown {
  const named = new Set<string>()
  for (const { text } of policies) {
    const answer = cedar.policyToJson(text)
    if (answer.type === 'failure') return (request) => request
    collectNames(answer.json, named)
  }
  const ifNamed = (type: string, id: string): string | null =>
    named.has(nameOf(`Atelier::${type}`, id)) ? id : null
  return (request) => ({
    ...request,
    principal: principalSeen(request, ifNamed),
    resource: resourceSeen(request, ifNamed),
  })
}

/** The id of an entity of a type, if a policy names it. */
type IfNamed = (type: string, id: string) => string | null

const typeOf = { person: 'Person', agent: 'Agent', service: 'Service' } as const satisfies Record<
  Principal['kind'],
  string
>

/** With the roles that count here, whichever project they are from. */
function principalSeen({ principal, resource }: PolicyRequest, ifNamed: IfNamed): unknown {
  const { kind, id, tenantId, onBehalfOf } = principal
  return {
    ...{ kind, tenantId, id: ifNamed(typeOf[kind], id) },
    roles: rolesWithin(principal, projectOf(resource)),
    actsFor: onBehalfOf === undefined ? 'nobody' : ifNamed('Person', onBehalfOf),
  }
}

function resourceSeen({ principal, resource }: PolicyRequest, ifNamed: IfNamed): unknown {
  switch (resource.kind) {
    case 'run': {
      const { requester } = resource
      return {
        ...resource,
        runId: ifNamed('Run', resource.runId),
        projectId: ifNamed('Project', resource.projectId),
        requester: ifNamed('Person', requester),
        isOwn: requester === principal.id,
        isOfWhomItActsFor: requester === principal.onBehalfOf,
      }
    }
    case 'project':
      return { ...resource, projectId: ifNamed('Project', resource.projectId) }
    case 'approval': {
      const [approvalId, runId] = [ifNamed('Approval', resource.approvalId), ifNamed('Run', resource.runId)]
      return { ...resource, approvalId, runId, projectId: ifNamed('Project', resource.projectId) }
    }
    default:
      return resource
  }
}

/** Every entity that stands anywhere in a policy: Cedar's JSON has all of them as a type and an id. */
function collectNames(part: unknown, named: Set<string>): void {
  if (typeof part !== 'object' || part === null) return
  if ('type' in part && 'id' in part && typeof part.type === 'string' && typeof part.id === 'string')
    named.add(nameOf(part.type, part.id))
  for (const value of Object.values(part)) collectNames(value, named)
}

function nameOf(type: string, id: string): string {
  return JSON.stringify([type, id])
}
