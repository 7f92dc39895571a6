import type { Principal } from '../contracts/index.ts'
import {
  type Administration,
  codeAccess,
  codeResource,
  type PolicyEngine,
  seededIdentities,
  tenantScope,
} from '../governance/index.ts'
import type { CodeAuthorisation, CodePlace } from './code-queries.ts'

const { project: projectId } = seededIdentities

/** Decides, and records, that a person may ask about code, and then which paths of the repository the answers may tell of. */
export async function authoriseReading(
  services: { readonly administration: Administration; readonly policy: PolicyEngine },
  principal: Principal,
  { location, revision }: CodePlace,
): Promise<CodeAuthorisation> {
  const { tenantId } = principal
  await services.administration.authorise({
    principal,
    tenantId,
    intention: { action: 'read-project', resource: { kind: 'project', tenantId, projectId } },
    runId: null,
    detail: { repository: location, revision: revision ?? null },
  })
  return {
    scope: tenantScope(tenantId, principal.id),
    readerOf: async (canonical) => {
      // Trust is about running code, and nothing that policies say of reading it.
      const repository = { location: canonical, trusted: false }
      const reader = codeAccess(services.policy, principal, repository)
      await services.administration.authorise({
        principal,
        tenantId,
        intention: {
          action: 'read-code',
          resource: codeResource(tenantId, repository, reader.paths[0] ?? ''),
        },
        runId: null,
        detail: { ...reader },
      })
      return reader
    },
  }
}
