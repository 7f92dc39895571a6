import type { Cedar, PolicySource } from './policy-text.ts'
import type { PolicyRequest } from './request.ts'

/**
 * Takes a request to what these policies can tell of it from others: two that it takes to the same are decided alike.
 * Of runs, approvals and requesters there are many, and policies see nothing but their ids, which they can compare with
 * ids that they name, and a requester's with whom the principal is or acts for. Other ids make no difference.
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
  const unlessUnnamed = (type: string, id: string): string | null =>
    named.has(nameOf(`Atelier::${type}`, id)) ? id : null
  return (request) => {
    const { principal, resource } = request
    if (resource.kind === 'approval') {
      const { approvalId, runId } = resource
      const ids = {
        approvalId: unlessUnnamed('Approval', approvalId),
        runId: unlessUnnamed('Run', runId),
      }
      return { ...request, resource: { ...resource, ...ids } }
    }
    if (resource.kind !== 'run') return request
    const { requester, runId } = resource
    const isOwn = requester === principal.id || requester === principal.onBehalfOf
    const ids = {
      runId: unlessUnnamed('Run', runId),
      requester: isOwn ? requester : unlessUnnamed('Person', requester),
    }
    return { ...request, resource: { ...resource, ...ids } }
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
