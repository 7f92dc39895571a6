import { sql } from 'kysely'
import { roleSchema } from '../../contracts/index.ts'
import type { Principal, Role } from '../../contracts/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { identityErrors } from './errors.ts'

interface KnownPrincipal {
  readonly id: PrincipalId
  readonly kind: Principal['kind']
  readonly on_behalf_of: PrincipalId | null
  readonly disabled: boolean
  readonly roles: readonly string[]
}

/**
 * Checks a claim of identity against what the tenant has registered and answers the principal as policies see it:
 * roles come from the database and never from the claim, and `onBehalfOf` is the person at the end of the chain of
 * delegation.
 *
 * @throws ATL_IDENTITY_UNKNOWN, ATL_IDENTITY_DISABLED, ATL_IDENTITY_MISMATCH, ATL_IDENTITY_DELEGATION_INVALID
 */
export async function authenticate(tx: Tx, tenantId: TenantId, claim: Principal): Promise<Principal> {
  if (claim.tenantId !== tenantId) {
    throw identityErrors.MISMATCH({ detail: `${claim.id} belongs to another tenant` })
  }
  const known = await readChain(
    tx,
    tenantId,
    claim.onBehalfOf === undefined ? [claim.id] : [claim.id, claim.onBehalfOf],
  )
  const self = known.get(claim.id)
  if (self === undefined) throw identityErrors.UNKNOWN({ detail: claim.id })
  if (self.disabled) throw identityErrors.DISABLED({ detail: claim.id })
  if (self.kind !== claim.kind) {
    throw identityErrors.MISMATCH({
      detail: `${claim.id} is registered as ${self.kind}, not as ${claim.kind}`,
    })
  }
  return {
    kind: self.kind,
    id: self.id,
    tenantId,
    roles: self.roles.filter(isRole),
    onBehalfOf: personBehind(self, claim.onBehalfOf, known),
  }
}

function isRole(role: string): role is Role {
  return roleSchema.safeParse(role).success
}

/** Follows delegation to the person it ends at. Cycles, disabled or unknown principals and forged claims are refused. */
function personBehind(
  self: KnownPrincipal,
  claimed: PrincipalId | undefined,
  known: ReadonlyMap<string, KnownPrincipal>,
): PrincipalId | undefined {
  if (self.kind === 'person') {
    if (claimed === undefined) return undefined
    throw identityErrors.DELEGATION_INVALID({ detail: `${self.id} is a person and acts for nobody else` })
  }
  if (self.on_behalf_of !== null && claimed !== undefined && claimed !== self.on_behalf_of) {
    throw identityErrors.DELEGATION_INVALID({
      detail: `${self.id} acts for ${self.on_behalf_of}, not for ${claimed}`,
    })
  }
  const passed = new Set<string>([self.id])
  let next = claimed ?? self.on_behalf_of
  // A service may act for itself; an agent never does, which policies refuse.
  if (next === null) return undefined
  for (;;) {
    if (passed.has(next)) {
      throw identityErrors.DELEGATION_INVALID({
        detail: `the delegation of ${self.id} goes round in a circle`,
      })
    }
    passed.add(next)
    const principal = known.get(next)
    if (principal === undefined) throw identityErrors.UNKNOWN({ detail: next })
    if (principal.disabled) throw identityErrors.DISABLED({ detail: next })
    if (principal.kind === 'person') return principal.id
    if (principal.on_behalf_of === null) {
      throw identityErrors.DELEGATION_INVALID({ detail: `${self.id} acts for ${next}, which is no person` })
    }
    next = principal.on_behalf_of
  }
}

/**
 * Everybody who stands behind these principals, themselves included: agents, the services they run under and the
 * people they act for. A circle in what is registered ends the walk and hides nobody.
 */
export async function lineageOf(
  tx: Tx,
  tenantId: TenantId,
  principals: readonly string[],
): Promise<ReadonlySet<string>> {
  return new Set([...principals, ...(await readChain(tx, tenantId, principals)).keys()])
}

/** The principals and all whom they act for by registration, by id. `union` drops repetitions, so a circle ends. */
async function readChain(
  tx: Tx,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownPrincipal>> {
  const { rows } = await sql<KnownPrincipal>`
    with recursive chain as (
      select id, kind, on_behalf_of, disabled from principals
        where tenant_id = ${tenantId} and id = any (${ids}::text[])
      union
      select next.id, next.kind, next.on_behalf_of, next.disabled from principals next
        join chain on next.id = chain.on_behalf_of where next.tenant_id = ${tenantId}
    )
    select chain.*, array(select role from principal_roles
      where tenant_id = ${tenantId} and principal_id = chain.id order by role) as roles
    from chain`.execute(tx)
  return new Map(rows.map((row) => [row.id, row]))
}
