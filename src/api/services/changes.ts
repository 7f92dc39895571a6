import { testReportSchema, type Caller, type TestReport } from '../../contracts/index.ts'
import type { StepRecord } from '../../engine/index.ts'
import { apiErrors } from '../errors.ts'
import { outcomesOf, outputOf } from '../step-outputs.ts'
import { scopeOf } from './access.ts'
import { patchesByFile } from './patch-files.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

/** Characters of one file's patch that a client is sent. */
const longestPatch = 400_000

/** What runs propose, and what shows that it holds. */
export class ChangeService {
  readonly #services: CoreServices
  readonly #runs: RunService

  constructor(services: CoreServices, runs: RunService) {
    this.#services = services
    this.#runs = runs
  }

  /** @throws ATL_STUDIO_CHANGE_NOT_FOUND while the run proposes nothing */
  async get(caller: Caller, runId: string) {
    const steps = await this.#steps(caller, runId)
    const { proposal } = outcomesOf(steps)
    if (proposal === null) throw apiErrors.CHANGE_NOT_FOUND({ detail: runId })
    const { change, explanation } = proposal
    const patches = patchesByFile(change.patch)
    return {
      tree: change.tree,
      baseCommit: change.baseCommit,
      explanation,
      added: change.summary.added,
      deleted: change.summary.deleted,
      files: change.summary.files.map((file) => {
        const found = patches.get(file.path)
        const patch =
          found === undefined || found.isBinary || found.text.length > longestPatch ? null : found.text
        return { ...file, oldPath: found?.oldPath ?? null, patch }
      }),
    }
  }

  /** The tests before the change and with it, as far as they have run. */
  async tests(caller: Caller, runId: string) {
    const steps = await this.#steps(caller, runId)
    const before: TestReport | null = outputOf(steps, 'baseline', testReportSchema)
    const { verdict } = outcomesOf(steps)
    return {
      before,
      after: verdict?.baseTests ?? null,
      changed: verdict?.changedTests ?? null,
      fixed: verdict?.fixed ?? [],
      broken: verdict?.broken ?? [],
      stillFailing: verdict?.stillFailing ?? [],
    }
  }

  /** Git tree of what the run proposes; null while it proposes nothing. */
  async treeOf(caller: Caller, runId: string): Promise<string | null> {
    return outcomesOf(await this.#steps(caller, runId)).proposal?.change.tree ?? null
  }

  async #steps(caller: Caller, runId: string): Promise<readonly StepRecord[]> {
    const run = await this.#runs.read(caller, runId)
    return this.#services.engine.listSteps(scopeOf(caller), run.runId)
  }
}
