import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Scope } from '../../store/index.ts'

export type TenantScope = Extract<Scope, { kind: 'tenant' }>

/** The scope in which a principal works in its tenant. */
export function tenantScope(tenantId: TenantId, principalId: PrincipalId): TenantScope {
  return { kind: 'tenant', tenantId, principalId }
}
