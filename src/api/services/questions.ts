import type { Caller, RunView } from '../../contracts/index.ts'
import { giveAnswer, questionErrors } from '../../control/questions/index.ts'
import { openQuestionOf } from '../run-report.ts'
import { type Access, runResource } from './access.ts'
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
  readonly #access: Access
  readonly #runs: RunService

  constructor(services: CoreServices, access: Access, runs: RunService) {
    this.#services = services
    this.#access = access
    this.#runs = runs
  }

  /** Tells an agent what it has asked; the run goes on with that. @throws errors of QUESTION, ATL_DOOR_DENIED */
  async reply(caller: Caller, runId: string, { text, question }: RunReply): Promise<RunView> {
    const { engine } = this.#services
    const run = await this.#runs.read(caller, runId)
    const intention = { action: 'answer-question', resource: runResource(run) } as const
    // What is permitted is recorded with the answer itself, which is an act.
    const scope = await this.#access.assertReading(caller, intention, run.runId)
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
