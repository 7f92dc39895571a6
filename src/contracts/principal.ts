import { z } from 'zod'
import type { PrincipalId, ProjectId, TenantId } from '../kernel/index.ts'

export const roleSchema = z.enum(['viewer', 'engineer', 'approver', 'operator', 'security', 'owner'])
export type Role = z.infer<typeof roleSchema>

export type ProjectRoles = Readonly<Record<ProjectId, readonly Role[]>>

/**
 * Whoever attempts an act. An agent or service always names the person or service it acts for, so that the author
 * lineage of a change (invariant I3) can be followed to people.
 */
export interface Principal {
  readonly kind: 'person' | 'agent' | 'service'
  /** For example `person:owner`, `agent:zero-token-engineer`. Unique within the tenant. */
  readonly id: PrincipalId
  readonly tenantId: TenantId
  /** Roles in the whole tenant. */
  readonly roles: readonly Role[]
  /** Further roles by project; absent when there are none. */
  readonly projectRoles?: ProjectRoles
  /** Projects outside of which no role counts, as for a token that was made for some; absent without such a limit. */
  readonly onlyProjects?: readonly ProjectId[]
  readonly onBehalfOf: PrincipalId | undefined
}

/** The roles that count where a resource belongs to this project, or to the tenant as a whole. */
export function rolesWithin(principal: Principal, projectId: ProjectId | undefined): readonly Role[] {
  const { roles, projectRoles = {}, onlyProjects } = principal
  if (onlyProjects !== undefined && (projectId === undefined || !onlyProjects.includes(projectId))) return []
  if (projectId === undefined || !Object.hasOwn(projectRoles, projectId)) return roles
  return [...new Set([...roles, ...(projectRoles[projectId] ?? [])])].sort()
}
