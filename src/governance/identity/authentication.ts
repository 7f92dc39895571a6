import type { Principal, ProjectRoles, Role } from '../../contracts/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import { sendOn } from '../../store/index.ts'
import type { Pipeline, Tx } from '../../store/index.ts'
import { identityErrors, tenantErrors } from './errors.ts'
import { rolesColumns } from './roles.ts'

/** What a tenant has registered about principals and all whom they act for, by id. */
export type KnownPrincipals = ReadonlyMap<string, KnownPrincipal>

interface KnownPrincipal {
  readonly id: PrincipalId
  readonly kind: Principal['kind']
  readonly on_behalf_of: PrincipalId | null
  readonly disabled: boolean
  readonly roles: readonly Role[]
  readonly project_roles: ProjectRoles
  readonly tenant_suspended: boolean
}

/**
 * Checks a claim of identity against what the tenant has registered and answers the principal as policies see it:
 * roles come from the database and never from the claim, which can only narrow where they count, and `onBehalfOf` is the
 * person at the end of the chain of delegation.
 *
 * @throws ATL_TENANT_SUSPENDED, ATL_IDENTITY_UNKNOWN, ATL_IDENTITY_DISABLED, ATL_IDENTITY_MISMATCH, ATL_IDENTITY_DELEGATION_INVALID
 */
export async function authenticate(tx: Tx, tenantId: TenantId, claim: Principal): Promise<Principal> {
  return authenticateAmong(await readPrincipals(sendOn(tx), tenantId, [claim]), tenantId, claim)
}

/** Like {@link authenticate}, by what has been read before in the same transaction. */
export function authenticateAmong(known: KnownPrincipals, tenantId: TenantId, claim: Principal): Principal {
  if (claim.tenantId !== tenantId) {
    throw identityErrors.MISMATCH({ detail: `${claim.id} belongs to another tenant` })
  }
  const self = known.get(claim.id)
  if (self === undefined) throw identityErrors.UNKNOWN({ detail: claim.id })
  if (self.tenant_suspended) throw tenantErrors.SUSPENDED({ detail: tenantId })
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
    roles: self.roles,
    ...(Object.keys(self.project_roles).length > 0 && { projectRoles: self.project_roles }),
    ...(claim.onlyProjects && { onlyProjects: claim.onlyProjects }),
    onBehalfOf: personBehind(self, claim.onBehalfOf, known),
  }
}

/** Follows delegation to the person it ends at. Cycles, disabled or unknown principals and forged claims are refused. */
function personBehind(
  self: KnownPrincipal,
  claimed: PrincipalId | undefined,
  known: KnownPrincipals,
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
  return new Set([...principals, ...(await readChain(sendOn(tx), tenantId, principals)).keys()])
}

/** What is needed to authenticate these claims. */
export function readPrincipals(
  send: Pipeline['send'],
  tenantId: TenantId,
  claims: readonly Pick<Principal, 'id' | 'onBehalfOf'>[],
): Promise<KnownPrincipals> {
  const ids = claims.flatMap(({ id, onBehalfOf }) => (onBehalfOf === undefined ? [id] : [id, onBehalfOf]))
  return readChain(send, tenantId, [...new Set(ids)])
}

/** `union` drops repetitions, so a circle ends. */
const chainQuery = `
  with recursive chain as (
    select id, kind, on_behalf_of, disabled from principals where tenant_id = $1 and id = any ($2::text[])
    union
    select next.id, next.kind, next.on_behalf_of, next.disabled from principals next
      join chain on next.id = chain.on_behalf_of where next.tenant_id = $1
  )
  select chain.*, ${rolesColumns('$1', 'chain.id')}
  from chain`

/** The principals and all whom they act for by registration, by id. */
async function readChain(
  send: Pipeline['send'],
  tenantId: TenantId,
  ids: readonly string[],
): Promise<KnownPrincipals> {
  const rows = await send<KnownPrincipal>({
    name: 'identity-chain',
    text: chainQuery,
    values: [tenantId, ids],
  })
  return new Map(rows.map((row) => [row.id, row]))
}
