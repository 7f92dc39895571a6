import type { Candidate, CandidateOutcome, CoverageSpectrum, SourceFile, ValidationBudget } from '../model.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { OutcomeQueue } from './outcome-queue.ts'
import { applyEdits } from './schema.ts'
import type { Validation, ValidationMode, ValidationSetup } from './validation-setup.ts'

/** Tries candidates one by one with the project's own runner: slow, but as faithful as the runner itself. */
export class RunnerValidator implements Validation {
  readonly mode: ValidationMode
  readonly #sandboxes: readonly Sandbox[]
  readonly #setup: ValidationSetup
  #tried = 0
  #milliseconds = 0

  constructor(sandboxes: readonly Sandbox[], setup: ValidationSetup, reason: string) {
    this.mode = { kind: 'runner', reason }
    this.#sandboxes = sandboxes
    this.#setup = setup
  }

  get statistics(): { readonly tried: number; readonly seconds: number } {
    return { tried: this.#tried, seconds: this.#milliseconds / 1000 }
  }

  collectSpectrum(): Promise<CoverageSpectrum> {
    return Promise.resolve({ tests: [] })
  }

  async *validate(
    candidates: readonly Candidate[],
    budget: ValidationBudget,
    signal: AbortSignal,
  ): AsyncIterable<CandidateOutcome> {
    const start = performance.now()
    const over = new AbortController()
    const stop = AbortSignal.any([
      signal,
      over.signal,
      AbortSignal.timeout(Math.max(1, Math.ceil(budget.timeMs))),
    ])
    const queue = new OutcomeQueue()
    let next = 0
    const work = Promise.all(
      this.#sandboxes.map(async (sandbox) => {
        for (let at = next++; at < candidates.length && !stop.aborted; at = next++) {
          const candidate = candidates[at]
          const outcome = candidate === undefined ? null : await this.#try(sandbox, candidate, stop)
          if (outcome !== null) queue.push(outcome)
        }
      }),
    )
    void work.then(
      () => queue.end(),
      (error: unknown) => (stop.aborted ? queue.end() : queue.fail(error)),
    )
    let plausible = 0
    try {
      for await (const outcome of queue) {
        this.#tried += 1
        if (outcome.outcome === 'plausible') plausible += 1
        yield outcome
        if (plausible >= budget.plausible) break
      }
    } finally {
      over.abort()
      this.#milliseconds += performance.now() - start
      await work.catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sandboxes.map((sandbox) => sandbox.destroy()))
  }

  /** Null when there was no time to end. */
  async #try(sandbox: Sandbox, candidate: Candidate, signal: AbortSignal): Promise<CandidateOutcome | null> {
    const originals: SourceFile[] = []
    try {
      for (const path of new Set(candidate.edits.map((edit) => edit.file))) {
        const bytes = await sandbox.readFile(`/workspace/${path}`)
        const text = new TextDecoder().decode(bytes ?? new Uint8Array())
        originals.push({ path, text })
        const edits = candidate.edits.filter((edit) => edit.file === path)
        await sandbox.writeFile(`/workspace/${path}`, applyEdits(text, edits))
      }
      const { reproduction, runTests } = this.#setup
      const { tests } = await runTests(sandbox, reproduction.failingFiles, signal)
      if (signal.aborted) return null
      const outcomes = new Map(tests.map((test) => [test.id, test]))
      const fixed = reproduction.failing
        .filter(({ id }) => outcomes.get(id)?.outcome === 'passed')
        .map(({ id }) => id)
      const inScope = new Set(reproduction.failingFiles)
      const broken = reproduction.passing
        .filter(
          ({ id, file }) => file !== undefined && inScope.has(file) && outcomes.get(id)?.outcome !== 'passed',
        )
        .map(({ id }) => id)
      return { candidate, outcome: outcomeOf(reproduction.failing.length, fixed, broken), fixed, broken }
    } finally {
      for (const { path, text } of originals) await sandbox.writeFile(`/workspace/${path}`, text)
    }
  }
}

function outcomeOf(
  failing: number,
  fixed: readonly string[],
  broken: readonly string[],
): CandidateOutcome['outcome'] {
  if (fixed.length === 0 || broken.length > 0) return 'failed'
  return fixed.length === failing ? 'plausible' : 'partial'
}
