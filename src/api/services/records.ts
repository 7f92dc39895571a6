import type { Caller } from '../../contracts/index.ts'
import { verifyEvidence } from '../../governance/evidence/index.ts'
import type { AuditReport } from '../studio.ts'
import { type Access, runResource, scopeOf } from './access.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

/** Evidence of runs, and the audit log behind it. */
export class RecordService {
  readonly #services: CoreServices
  readonly #access: Access
  readonly #runs: RunService

  constructor(services: CoreServices, access: Access, runs: RunService) {
    this.#services = services
    this.#access = access
    this.#runs = runs
  }

  /** Everything that proves how a run came about, to be verified elsewhere. @throws ATL_DOOR_DENIED */
  async exportEvidence(caller: Caller, runId: string): Promise<unknown> {
    const run = await this.#services.engine.getRun(scopeOf(caller), runId)
    await this.#access.record(caller, { action: 'read-run', resource: runResource(run) }, run.runId, {
      evidence: true,
    })
    return this.#services.exportEvidence(scopeOf(caller), run.runId)
  }

  /** Exports the evidence of a run and verifies it. @throws ATL_DOOR_DENIED */
  async verifyEvidence(caller: Caller, runId: string) {
    return verifyEvidence(await this.exportEvidence(caller, runId))
  }

  /** Checks the chain of the audit log and what it says against what is there. @throws ATL_DOOR_DENIED */
  async verifyAudit(caller: Caller): Promise<AuditReport> {
    const { tenantId } = caller.principal
    await this.#access.record(
      caller,
      { action: 'read-audit', resource: { kind: 'audit-log', tenantId } },
      null,
      {},
    )
    await this.#runs.closeEnded(scopeOf(caller))
    return this.#services.verifyRecords(scopeOf(caller))
  }
}
