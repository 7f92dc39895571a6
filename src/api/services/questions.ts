import type { Caller, RunView } from '../../contracts/index.ts'
import { giveAnswer, questionErrors } from '../../control/questions/index.ts'
import { openQuestionOf } from '../run-report.ts'
import { scopeOf } from './access.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

export interface RunReply {
  readonly text: string
  /** Id of the question that was shown; whatever the run waits with when absent. */
  readonly question?: string | undefined
}

/** What agents ask people, and people tell them. */
export class QuestionService {
  readonly #services: CoreServices
  readonly #runs: RunService

  constructor(services: CoreServices, runs: RunService) {
    this.#services = services
    this.#runs = runs
  }

  /** Tells an agent what it has asked; the run goes on with that. @throws errors of QUESTION, ATL_DOOR_DENIED */
  async reply(caller: Caller, runId: string, { text, question }: RunReply): Promise<RunView> {
    const { engine } = this.#services
    const run = await this.#runs.read(caller, runId)
    const scope = scopeOf(caller)
    const asked = openQuestionOf(await engine.listSteps(scope, run.runId))
    if (asked === undefined) throw questionErrors.NOT_ASKED({ detail: run.runId })
    if (question !== undefined && question !== asked.question.id)
      throw questionErrors.CHANGED({ detail: asked.question.question.slice(0, 200) })
    const { tenantId, runId: id } = run
    await giveAnswer(this.#services, { tenantId, runId: id, person: caller.principal, text, ...asked })
    await engine.wake(scope, id, asked.stepId)
    return this.#runs.get(caller, id)
  }
}
