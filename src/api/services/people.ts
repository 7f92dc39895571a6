import type { Caller, Principal } from '../../contracts/index.ts'
import { findPrincipal, registerPrincipal, seededIdentities, tenantScope } from '../../governance/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { apiErrors } from '../errors.ts'
import { scopeOf } from './access.ts'

const { tenant: tenantId, owner } = seededIdentities

/** Who somebody is, for themselves to see. */
export interface OwnIdentity {
  readonly name: string
  readonly tenant: { readonly id: string; readonly name: string }
}

/** People, as far as every client needs them. */
export class PeopleService {
  readonly #database: Database

  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  async describe(caller: Caller): Promise<OwnIdentity> {
    const { id, tenantId: own } = caller.principal
    return this.#database.transaction(scopeOf(caller), async (tx) => {
      const person = await tx
        .selectFrom('principals')
        .select('name')
        .where('tenant_id', '=', own)
        .where('id', '=', id)
        .executeTakeFirst()
      const tenant = await tx.selectFrom('tenants').select('name').where('id', '=', own).executeTakeFirst()
      return { name: person?.name ?? id, tenant: { id: own, name: tenant?.name ?? own } }
    })
  }

  /**
   * Somebody at this machine, as its operating system account says: who can open the studio's data is whom they say.
   * @throws ATL_STUDIO_PERSON_UNKNOWN
   */
  async local(name: string): Promise<Caller> {
    const found = await this.#database.transaction(tenantScope(tenantId, owner), (tx) =>
      findPrincipal(tx, tenantId, personId(name)),
    )
    if (found === undefined) throw apiErrors.PERSON_UNKNOWN({ detail: name })
    return localCaller(found)
  }

  /** Like {@link local}, for somebody who asks for work: who is new is registered on the spot. */
  async localReporter(name: string): Promise<Caller> {
    await this.#database.transaction(tenantScope(tenantId, owner), (tx) =>
      registerPrincipal(tx, tenantId, { id: personId(name), kind: 'person', name, roles: ['engineer'] }),
    )
    return this.local(name)
  }
}

function localCaller(principal: Principal): Caller {
  return { principal, via: 'local', credentialId: null, scopes: 'all' }
}

function personId(name: string): PrincipalId {
  return `person:${name}` as PrincipalId
}
