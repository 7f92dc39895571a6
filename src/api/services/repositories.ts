import type { Caller } from '../../contracts/index.ts'
import type { Administration } from '../../governance/index.ts'

export interface TrustDecision {
  readonly repository: string
  readonly trusted: boolean
  readonly reason: string
}

/** Repositories, as far as people decide about them. */
export class RepositoryService {
  readonly #administration: Administration

  constructor({ administration }: { readonly administration: Administration }) {
    this.#administration = administration
  }

  /** Vouches for a repository, or takes that back. @throws ATL_DOOR_DENIED */
  async setTrust({ principal }: Caller, { repository, trusted, reason }: TrustDecision): Promise<void> {
    if (trusted) await this.#administration.trustRepository(principal, repository, reason)
    else await this.#administration.distrustRepository(principal, repository, reason)
  }
}
