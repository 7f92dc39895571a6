import type { Caller } from '../../contracts/index.ts'
import { findPrincipal, registerPrincipal } from '../../governance/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { apiErrors } from '../errors.ts'
import { scopeOf } from './access.ts'
import type { CoreServices } from './studio-services.ts'
import type { SubmittedWork, WorkItemService } from './work-items.ts'

/** Who asks for the work of the demo: somebody else than whoever looks at it, since nobody approves their own work. */
const frontDesk = { id: 'person:front-desk' as PrincipalId, name: 'front-desk' }

/** The main job on the sample repository, for whoever sees a studio for the first time. */
export class DemoService {
  readonly #services: CoreServices
  readonly #workItems: WorkItemService

  constructor(services: CoreServices, workItems: WorkItemService) {
    this.#services = services
    this.#workItems = workItems
  }

  /** Has the front desk of the caller's tenant submit the sample's issue. @throws ATL_DOOR_DENIED */
  async start(caller: Caller, key: string | undefined): Promise<SubmittedWork> {
    const { tenantId } = caller.principal
    const { location, issue } = await this.#services.prepareSample()
    const requester = await this.#services.database.transaction(scopeOf(caller), async (tx) => {
      await registerPrincipal(tx, tenantId, { ...frontDesk, kind: 'person', roles: ['engineer'] })
      return findPrincipal(tx, tenantId, frontDesk.id)
    })
    if (requester === undefined) throw apiErrors.PERSON_UNKNOWN({ detail: frontDesk.id })
    const request = { issue, repository: { location }, labels: [] }
    return this.#workItems.submit({ ...caller, principal: requester }, request, { source: 'demo', key })
  }
}
