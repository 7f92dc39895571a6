import type { Caller, RunView } from '../../contracts/index.ts'
import { digestOfSubject } from '../../governance/index.ts'
import { apiErrors } from '../errors.ts'
import { scopeOf } from './access.ts'
import type { RunService } from './runs.ts'
import type { StudioServices } from './studio-services.ts'

export interface RunDecision {
  readonly decision: 'approved' | 'rejected'
  readonly reason: string | undefined
  /** Digest of what the person was shown; whatever is pending when absent. */
  readonly subject: string | undefined
}

/** What people decide about changes. */
export class DecisionService {
  readonly #services: StudioServices
  readonly #runs: RunService

  constructor(services: StudioServices, runs: RunService) {
    this.#services = services
    this.#runs = runs
  }

  /** Decides about what a run waits for. @throws ATL_STUDIO_NOT_WAITING and errors of APPROVAL */
  async decideRun(caller: Caller, runId: string, decision: RunDecision): Promise<RunView> {
    const { approvals, database } = this.#services
    const run = await this.#runs.read(caller, runId)
    const scope = scopeOf(caller)
    const requests = await database.transaction(scope, (tx) => approvals.ofRun(tx, run.tenantId, run.runId))
    const pending = requests.findLast(({ status }) => status === 'pending')
    if (pending === undefined) throw apiErrors.NOT_WAITING({ detail: run.runId })
    await approvals.decide({
      tenantId: run.tenantId,
      requestId: pending.id,
      principal: caller.principal,
      verdict: decision.decision,
      reason: decision.reason ?? '',
      subjectDigest: decision.subject ?? digestOfSubject(pending.subject),
    })
    await this.#runs.takeUpDecisions(scope, run.runId)
    return this.#runs.get(caller, run.runId)
  }
}
