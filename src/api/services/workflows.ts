import type { Caller } from '../../contracts/index.ts'
import { estimateRun } from '../../control/figures/index.ts'
import type { Estimate } from '../../control/figures/index.ts'
import type { CheckedWorkflow, WorkflowDraft, WorkflowInUse } from '../../control/workflows/index.ts'
import type { OwnText, OwnTextVerdict } from '../../governance/own-texts/index.ts'
import { deciding } from './access.ts'
import type { Access } from './access.ts'
import type { StudioServices } from './studio-services.ts'

export interface WorkflowDetail extends WorkflowInUse {
  readonly draft: WorkflowDraft | null
  readonly versions: readonly OwnText[]
  /** What runs of it used so far in the whole tenant; null before there are enough, and for whoever has no role there. */
  readonly estimate: Estimate | null
}

type Parts = Pick<StudioServices, 'database' | 'workflows'>

/** The workflows that runs start with, and drafts to take their place. */
export class WorkflowService {
  readonly #services: Parts
  readonly #access: Access

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** @throws ATL_DOOR_DENIED, as all of these */
  async list(caller: Caller): Promise<readonly WorkflowInUse[]> {
    const { scope } = await this.#access.assertReadingWorkshop(caller)
    const { database, workflows } = this.#services
    return database.transaction(scope, (tx) => workflows.inUse(tx, scope.tenantId))
  }

  /** @throws ATL_WORKFLOWS_UNKNOWN */
  async get(caller: Caller, name: string): Promise<WorkflowDetail> {
    const { scope, isOfTenant } = await this.#access.assertReadingWorkshop(caller)
    const { database, workflows } = this.#services
    const { tenantId } = scope
    return database.transaction(scope, async (tx) => {
      const versions = await workflows.versions(tx, tenantId, name)
      const draft = (await workflows.draft(tx, tenantId, name)) ?? null
      const estimate = isOfTenant ? await estimateRun(tx, tenantId, { workflow: name }) : null
      const inUse = (await workflows.inUse(tx, tenantId)).filter((one) => one.name === name)
      return { ...(inUse[0] as WorkflowInUse), draft, versions, estimate }
    })
  }

  async check(caller: Caller, name: string, text: string): Promise<CheckedWorkflow> {
    const { scope } = await this.#access.assertReadingWorkshop(caller)
    const { database, workflows } = this.#services
    return database.transaction(scope, (tx) => workflows.check(tx, scope.tenantId, name, text))
  }

  async save(caller: Caller, name: string, text: string): Promise<WorkflowDetail> {
    await this.#services.workflows.save(caller.principal, { name, text })
    return this.get(caller, name)
  }

  /** @throws ATL_OWN_TEXT_CHANGED, ATL_WORKFLOWS_NOT_READY */
  async decide(caller: Caller, verdict: OwnTextVerdict): Promise<WorkflowDetail> {
    await this.#access.assertReading(caller, deciding(caller, 'decide-workflow', verdict))
    await this.#services.workflows.decide(caller.principal, verdict)
    return this.get(caller, verdict.name)
  }
}
