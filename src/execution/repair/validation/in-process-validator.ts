import type { Logger } from '../../../kernel/index.ts'
import type {
  Candidate,
  CandidateOutcome,
  CoverageSpectrum,
  Observation,
  Reproduction,
  Sighting,
  TestCoverage,
  TextEdit,
  ValidationBudget,
} from '../model.ts'
import { validationErrors } from './errors.ts'
import { OutcomeQueue } from './outcome-queue.ts'
import type { TestPath, WireSights, WireTest, WorkerReply } from './protocol.ts'
import type { Validation, ValidationMode } from './validation-setup.ts'
import { idOf } from './test-identity.ts'
import { coverageOf, runFile } from './warm-run.ts'
import type { Ran } from './warm-run.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A test that candidates are measured by. */
export interface AimedTest {
  /** As in the report of the project's own runner. */
  readonly id: string
  readonly path: TestPath
  /** What it says when it fails on the unchanged program. */
  readonly message: string
}

interface Targets {
  readonly failing: readonly AimedTest[]
  readonly guards: readonly AimedTest[]
  /** Ids of guards that fail in the report of the project's own runner. */
  readonly victims: readonly string[]
  readonly onDisk: boolean
  /** Whether the workers can watch candidates. */
  readonly observes: boolean
  readonly reproduction: Reproduction
  readonly logger: Logger
}

/** Passing tests of a file that holds no failing one. */
interface GuardFile {
  readonly file: string
  /** Files of the project that it loads. */
  readonly loaded: readonly string[]
  readonly milliseconds: number
  readonly tests: readonly AimedTest[]
}

type Tried = Extract<WorkerReply, { readonly kind: 'tried' }>

export function aimedAt(test: WireTest, id: string = idOf(test)): AimedTest {
  const { file, names, occurrence, message = '' } = test
  return { id, path: { file, names, occurrence }, message }
}

/** Candidates per request: few at first so that the likeliest are known soon, more once the worker is warm. */
const batchSizes = [8, 32, 96] as const
const aimMs = 60_000
/** Milliseconds that the guards outside of the failing files may take together. */
const guardMs = 4000
/** Bytes and handles after which a worker is renewed: tests and candidates leave things behind. */
const renewAtBytes = 900 * 2 ** 20
const renewAtHandles = 200
const renewAfter = 4000
const toleratedLosses = 5
/** Passing tests whose inputs are exchanged. */
const mostObserved = 40
/** Milliseconds that a worker may take to end on its own. */
const cancelMs = 1500

/** Tries candidates in warm workers, all of a file compiled into one schema. */
export class InProcessValidator implements Validation {
  readonly mode: ValidationMode
  readonly #workers: readonly WorkerProcess[]
  readonly #targets: Targets
  readonly #silence = new WeakMap<WorkerProcess, number>()
  readonly #elsewhere: GuardFile[] = []
  #guards: readonly AimedTest[]
  #spectrum: readonly TestCoverage[] = []
  #tried = 0
  #milliseconds = 0

  constructor(workers: readonly WorkerProcess[], targets: Targets) {
    this.#workers = workers
    this.#targets = targets
    this.#guards = targets.guards
    this.mode = { kind: 'in-process', failing: targets.failing.length, guards: targets.guards.length }
  }

  get statistics(): { readonly tried: number; readonly seconds: number } {
    return { tried: this.#tried, seconds: this.#milliseconds / 1000 }
  }

  async collectSpectrum(timeMs: number, signal: AbortSignal): Promise<CoverageSpectrum> {
    const { failingFiles, testFiles } = this.#targets.reproduction
    const queue = [...new Set([...failingFiles, ...testFiles])]
    const tests: TestCoverage[] = []
    const deadline = performance.now() + timeMs
    const work = async (worker: WorkerProcess): Promise<void> => {
      while (performance.now() < deadline && !signal.aborted) {
        const file = queue.shift()
        if (file === undefined) return
        const run = await runFile(worker, file, true)
        if (run === null) continue
        tests.push(...coverageOf(run))
        if (!failingFiles.includes(file)) this.#consider(file, run)
      }
    }
    await Promise.all(this.#workers.map(work))
    this.#guards = [...this.#targets.guards, ...this.#elsewhere.flatMap((guard) => guard.tests)]
    this.#spectrum = tests
    return { tests }
  }

  /** Tests of another file guard as well, if they take little time: the whole suite has the last word anyway. */
  #consider(file: string, run: Ran): void {
    const spent = this.#elsewhere.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
    if (run.failure !== undefined || run.startsProcesses || spent + run.milliseconds > guardMs) return
    const passed = run.tests.filter(({ outcome }) => outcome === 'passed').map((test) => aimedAt(test))
    this.#elsewhere.push({ file, loaded: run.loaded, milliseconds: run.milliseconds, tests: passed })
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
    const source = new CandidateSource(candidates)
    const work = Promise.all(this.#workers.map((worker) => this.#work(worker, source, queue, stop)))
    void work.then(
      () => queue.end(),
      (error: unknown) => queue.fail(error),
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

  async observe(
    candidates: readonly Candidate[],
    timeMs: number,
    signal: AbortSignal,
  ): Promise<Observation | null | undefined> {
    if (!this.#targets.observes) return undefined
    const [worker] = this.#workers
    if (worker === undefined || this.#targets.onDisk || signal.aborted) return null
    if (!this.#isAimed(worker) && !(await this.#aim(worker))) return null
    const onStop = (): void => worker.stop()
    signal.addEventListener('abort', onStop)
    const end = await worker.ask(
      {
        kind: 'observe',
        candidates: candidates.map(({ id, edits }) => ({ id, edits })),
        near: this.#targets.failing.map(({ path }) => path),
        far: this.#passingTestsOf(candidates),
        milliseconds: timeMs,
      },
      timeMs * 2,
    )
    signal.removeEventListener('abort', onStop)
    if (end.kind !== 'done' || end.reply.kind !== 'observed') {
      worker.stop()
      return null
    }
    const [unchanged, ...others] = end.reply.sights
    if (unchanged === undefined || end.reply.near.length === 0) return null
    return {
      near: end.reply.near,
      unchanged: sightingsOf(unchanged),
      candidates: new Map(others.map((sights) => [sights.candidate, sightingsOf(sights)])),
    }
  }

  /** Passing tests that execute what some candidate changes, evenly from all over the suite. */
  #passingTestsOf(candidates: readonly Candidate[]): readonly TestPath[] {
    const edits = candidates.flatMap((candidate) => candidate.edits)
    const reaching = new Set(
      this.#spectrum
        .filter(
          ({ outcome, covered }) => outcome === 'passed' && edits.some((edit) => reaches(covered, edit)),
        )
        .map(({ id }) => id),
    )
    const guards = this.#guards.filter(({ path }) => reaching.has(idOf(path)))
    const step = Math.max(1, guards.length / mostObserved)
    return guards
      .filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
      .map(({ path }) => path)
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.stop()
    await Promise.all(this.#workers.map(({ sandbox }) => sandbox.destroy()))
  }

  async #work(
    worker: WorkerProcess,
    source: CandidateSource,
    queue: OutcomeQueue,
    stop: AbortSignal,
  ): Promise<void> {
    let forced: NodeJS.Timeout | undefined
    const onStop = (): void => {
      worker.cancel()
      forced = setTimeout(() => {
        worker.stop()
      }, cancelMs)
    }
    stop.addEventListener('abort', onStop)
    let losses = 0
    let tried = 0
    try {
      while (!stop.aborted) {
        const batch = source.take()
        if (batch.length === 0) return
        if (!this.#isAimed(worker)) {
          if (!(await this.#aim(worker))) {
            losses += 1
            source.giveBack(batch)
            if (losses > toleratedLosses)
              throw validationErrors.WORKER_FAILED({ detail: 'the tests do not end' })
            continue
          }
        }
        const isKept = await this.#tryBatch(worker, batch, source, queue, stop)
        tried += batch.length
        if (!isKept || tried >= renewAfter) {
          worker.stop()
          tried = 0
        }
      }
    } catch (error) {
      if (!stop.aborted) throw error
    } finally {
      clearTimeout(forced)
      stop.removeEventListener('abort', onStop)
    }
  }

  #isAimed(worker: WorkerProcess): boolean {
    return worker.isRunning && this.#silence.has(worker)
  }

  /** Tells a worker what to measure by; it runs these tests once to learn what they cost. */
  async #aim(worker: WorkerProcess): Promise<boolean> {
    const { failing, onDisk } = this.#targets
    const guards = this.#guards
    const end = await worker.ask(
      {
        kind: 'aim',
        failing: failing.map(({ path }) => path),
        guards: guards.map(({ path }) => path),
        failures: Object.fromEntries(failing.map(({ message }, index) => [String(index), message])),
        loads: Object.fromEntries(this.#elsewhere.map(({ file, loaded }) => [file, loaded])),
        onDisk,
      },
      aimMs,
    )
    if (end.kind !== 'done' || end.reply.kind !== 'aimed') {
      worker.stop()
      return false
    }
    this.#silence.set(worker, Math.min(20_000, Math.max(2000, 1000 + end.reply.milliseconds * 3)))
    return true
  }

  /** Whether the worker may go on. A candidate over which a worker is lost is given up; the rest is tried again. */
  async #tryBatch(
    worker: WorkerProcess,
    batch: readonly Candidate[],
    source: CandidateSource,
    queue: OutcomeQueue,
    stop: AbortSignal,
  ): Promise<boolean> {
    const waiting = new Map(batch.map((candidate) => [candidate.id, candidate]))
    let current: number | undefined
    const end = await worker.ask(
      { kind: 'try', candidates: batch.map(({ id, edits }) => ({ id, edits })) },
      this.#silence.get(worker) ?? aimMs,
      (reply) => {
        if (reply.kind === 'trying') current = reply.candidate
        if (reply.kind !== 'tried') return
        current = undefined
        const candidate = waiting.get(reply.candidate)
        if (candidate === undefined) return
        waiting.delete(reply.candidate)
        queue.push(this.#outcome(candidate, reply))
      },
    )
    if (end.kind === 'done' && end.reply.kind === 'done') {
      return end.reply.memoryBytes < renewAtBytes && end.reply.handles < renewAtHandles
    }
    const culprit = current === undefined ? batch.find(({ id }) => waiting.has(id)) : waiting.get(current)
    if (culprit !== undefined) {
      waiting.delete(culprit.id)
      queue.push({ candidate: culprit, outcome: 'exhausted', fixed: [], broken: [] })
    }
    if (stop.aborted) return false
    source.giveBack([...waiting.values()])
    const detail =
      end.kind === 'lost' ? end.reason : end.reply.kind === 'broken' ? end.reply.message : end.reply.kind
    this.#targets.logger.log(
      'debug',
      { candidate: culprit?.id, detail },
      'A worker was lost over a candidate',
    )
    return false
  }

  #outcome(candidate: Candidate, reply: Tried): CandidateOutcome {
    const { failing, victims } = this.#targets
    const guards = this.#guards
    const idsOf = (indices: readonly number[], tests: readonly AimedTest[]): readonly string[] =>
      indices.map((index) => tests[index]?.id).filter((id) => id !== undefined)
    const messages = Object.entries(reply.messages).map(([index, message]) => [
      failing[Number(index)]?.id ?? '',
      message,
    ])
    return {
      candidate,
      outcome: reply.outcome,
      fixed: [...idsOf(reply.fixed, failing), ...(reply.outcome === 'plausible' ? victims : [])],
      broken: idsOf(reply.broken, guards),
      ...(messages.length === 0 ? {} : { messages: Object.fromEntries(messages) as Record<string, string> }),
    }
  }
}

function reaches(covered: TestCoverage['covered'], { file, start, end }: TextEdit): boolean {
  return covered[file]?.some((range) => range.start <= end && start <= range.end) ?? false
}

function sightingsOf({ digests, crashed }: WireSights): readonly Sighting[] {
  return digests.map((digest, index) => ({ digest, crashed: crashed[index] === true }))
}

/** Hands out candidates in their order; those of a lost worker come first again. */
class CandidateSource {
  readonly #candidates: readonly Candidate[]
  #returned: Candidate[] = []
  #next = 0
  #batches = 0

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates
  }

  take(): readonly Candidate[] {
    if (this.#returned.length > 0) {
      const returned = this.#returned
      this.#returned = []
      return returned
    }
    const size = batchSizes[Math.min(this.#batches >> 1, batchSizes.length - 1)] ?? 1
    this.#batches += 1
    const batch = this.#candidates.slice(this.#next, this.#next + size)
    this.#next += batch.length
    return batch
  }

  giveBack(candidates: readonly Candidate[]): void {
    this.#returned.push(...candidates)
  }
}
