import { z } from 'zod'
import type { PrincipalId, TenantId } from '../kernel/index.ts'

export const roleSchema = z.enum(['viewer', 'engineer', 'approver', 'operator', 'security', 'owner'])
export type Role = z.infer<typeof roleSchema>

/**
 * Whoever attempts an act. An agent or service always names the person or service it acts for, so that the author
 * lineage of a change (invariant I3) can be followed to people.
 */
export interface Principal {
  readonly kind: 'person' | 'agent' | 'service'
  /** For example `person:owner`, `agent:zero-token-engineer`. Unique within the tenant. */
  readonly id: PrincipalId
  readonly tenantId: TenantId
  readonly roles: readonly Role[]
  readonly onBehalfOf: PrincipalId | undefined
}
