import { isUtf8 } from 'node:buffer'
import { testReportSchema, type Caller, type TestReport } from '../../contracts/index.ts'
import type { StepRecord } from '../../engine/index.ts'
import { apiErrors } from '../errors.ts'
import { outcomesOf, outputOf } from '../step-outputs.ts'
import { summariseRun } from '../run-report.ts'
import { type Access, scopeOf } from './access.ts'
import { patchesByFile } from './patch-files.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

/** Characters of one file's patch that a client is sent. */
const longestPatch = 400_000
/** Bytes of a file that a client is sent. */
const longestFile = 1_000_000

/** What runs propose, and what shows that it holds. */
export class ChangeService {
  readonly #services: CoreServices
  readonly #access: Access
  readonly #runs: RunService

  constructor(services: CoreServices, access: Access, runs: RunService) {
    this.#services = services
    this.#access = access
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

  /**
   * A whole file as it was, or as the change makes it. Only files of the change are shown, and only what policy lets the
   * caller read of the repository.
   * @throws ATL_STUDIO_NO_SUCH_LINE, ATL_DOOR_DENIED
   */
  async file(
    caller: Caller,
    runId: string,
    { path, side }: { readonly path: string; readonly side: 'old' | 'new' },
  ) {
    const run = await this.#runs.read(caller, runId)
    const { proposal } = outcomesOf(await this.#services.engine.listSteps(scopeOf(caller), run.runId))
    if (proposal === null) throw apiErrors.CHANGE_NOT_FOUND({ detail: runId })
    const { change } = proposal
    const oldPath = patchesByFile(change.patch).get(path)?.oldPath ?? path
    if (!change.summary.files.some((file) => file.path === path))
      throw apiErrors.NO_SUCH_LINE({ detail: path })
    const { tenantId, projectId } = run
    const location = summariseRun(run).repository
    const place = { kind: 'code-path', tenantId, projectId, location, trusted: false } as const
    const asked = side === 'old' ? oldPath : path
    await this.#access.assertReading(
      caller,
      { action: 'read-code', resource: { ...place, path: asked } },
      run.runId,
    )
    const tree = side === 'old' ? change.baseTree : change.tree
    return {
      path: asked,
      side,
      tree,
      ...viewContent(await this.#services.repositories.readFile({ tenantId, location }, tree, asked)),
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

/** A file for people: its text, or why there is none. */
function viewContent(content: Buffer | null) {
  if (content === null) return { state: 'absent', bytes: 0, text: null } as const
  const bytes = content.length
  if (bytes > longestFile) return { state: 'too-large', bytes, text: null } as const
  const text = isUtf8(content) && !content.includes(0) ? content.toString('utf8') : null
  return { state: text === null ? 'binary' : 'text', bytes, text } as const
}
