import { sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import { authoriseReading } from '../code-authorisation.ts'
import { type CodeQueries, createCodeQueries } from '../code-queries.ts'
import { apiErrors } from '../errors.ts'
import { scopeOf } from './access.ts'
import type { CoreServices } from './studio-services.ts'

export interface TrustDecision {
  readonly repository: string
  readonly trusted: boolean
  readonly reason: string
}

type Parts = Pick<CoreServices, 'administration' | 'policy' | 'database' | 'code' | 'repositories'>

/** Repositories, as far as people decide about them and ask about their code. */
export class RepositoryService {
  readonly #services: Parts

  constructor(services: Parts) {
    this.#services = services
  }

  /** Vouches for a repository, or takes that back. @throws ATL_DOOR_DENIED */
  async setTrust({ principal }: Caller, { repository, trusted, reason }: TrustDecision): Promise<void> {
    const { administration } = this.#services
    if (trusted) await administration.trustRepository(principal, repository, reason)
    else await administration.distrustRepository(principal, repository, reason)
  }

  /**
   * Questions about code by somebody who is not at this machine: about repositories that their tenant works on, and no
   * other that the machine could reach.
   */
  codeFor(caller: Caller): CodeQueries {
    const { database, code } = this.#services
    const { principal } = caller
    return createCodeQueries({
      ...code,
      database,
      openSource: (place) => code.openSource(principal.tenantId, place),
      authorise: async (_by, place) => {
        const authorisation = await authoriseReading(this.#services, principal, place)
        await this.#assertKnown(caller, place.location)
        return authorisation
      },
    })
  }

  /** @throws ATL_STUDIO_REPOSITORY_UNKNOWN */
  async #assertKnown(caller: Caller, location: string): Promise<void> {
    const { tenantId } = caller.principal
    const names = [location, await this.#services.repositories.identify(location)]
    const isKnown = await this.#services.database.transaction(scopeOf(caller), async (tx) => {
      const { rows } = await sql<{ known: boolean }>`
        select exists (
          select from work_items where tenant_id = ${tenantId} and repository ->> 'location' = any (${names})
        ) or exists (
          select from projects where tenant_id = ${tenantId} and settings -> 'repositories' ?| ${names}::text[]
        ) as known`.execute(tx)
      return rows[0]?.known === true
    })
    if (!isKnown) throw apiErrors.REPOSITORY_UNKNOWN({ detail: location })
  }
}
