import { explain, summarise } from './explanation/index.ts'
import type { CandidatePool } from './generation/index.ts'
import { languageOf } from './languages/index.ts'
import type { Language, Survey } from './languages/index.ts'
import type { TestReport } from '../../contracts/index.ts'
import type {
  JudgedCandidate,
  Observation,
  RankedCandidate,
  RepairAttempts,
  RepairBudget,
  RepairOutcome,
  RepairPorts,
  RepairProblem,
  RepairProgress,
} from './model.ts'
import { createRanker } from './ranking/index.ts'
import { continueFrom, isAccepted, Search } from './search/index.ts'

/** Share of the time after which second edits on top of half repairs are tried, if nothing is plausible yet. */
const continueAfter = 0.5
/** Share of the time that is kept for the project's own test command, within bounds. */
const confirmShare = 0.3
const leastConfirmMs = 10_000
/** How long to look for rivals of the first plausible candidate: as long as it took to find, within bounds. */
const leastGatherMs = 5_000
const gatherShare = 0.15
/** Plausible candidates whose behaviour on other inputs is compared, and the share of the time that may take. */
const mostObserved = 12
const mostObserveMs = 15_000
const observeShare = 0.25
const shownSuspects = 20
const shownHints = 20

type EscalationReason = Extract<RepairOutcome, { kind: 'escalated' }>['reason']

/**
 * Repairs without a model: finds suspicious places, makes edits that real fixes look like, tries them fast, puts the
 * plausible ones in order and to the project's own test command, and explains the first that passes. Ends in time with
 * an answer either way; the same inputs give the same candidates in the same order.
 *
 * Never throws for a fault that it cannot repair; errors of the validator and of `confirm` are passed on.
 */
export async function repair(
  problem: RepairProblem,
  ports: RepairPorts,
  budget: RepairBudget,
  signal: AbortSignal,
  onProgress: (progress: RepairProgress) => void = () => undefined,
): Promise<RepairOutcome> {
  const start = ports.now()
  const language = languageOf(problem)
  const survey = await language.survey(problem)
  onProgress({ kind: 'localised', suspects: survey.suspects.slice(0, shownSuspects) })
  const pool = await survey.generate({ signal })
  onProgress({ kind: 'generated', candidates: pool.size, files: survey.files })
  const found = { start, language, survey, pool }
  return new RepairRun(problem, ports, budget, signal, onProgress, found).perform()
}

/** What is known before anything is tried. */
interface Groundwork {
  readonly start: number
  readonly language: Language
  readonly survey: Survey
  readonly pool: CandidatePool
}

class RepairRun {
  readonly #problem: RepairProblem
  readonly #ports: RepairPorts
  readonly #budget: RepairBudget
  readonly #signal: AbortSignal
  readonly #onProgress: (progress: RepairProgress) => void
  readonly #start: number
  readonly #language: Language
  readonly #survey: Survey
  readonly #pool: CandidatePool
  readonly #search: Search
  readonly #verdicts = new Map<number, 'passed' | 'failed'>()
  #firstPlausibleAt: number | null = null
  #observation: Observation | null | undefined
  #isContinued = false

  constructor(
    problem: RepairProblem,
    ports: RepairPorts,
    budget: RepairBudget,
    signal: AbortSignal,
    onProgress: (progress: RepairProgress) => void,
    groundwork: Groundwork,
  ) {
    this.#problem = problem
    this.#ports = ports
    this.#budget = budget
    this.#signal = signal
    this.#onProgress = onProgress
    this.#start = groundwork.start
    this.#language = groundwork.language
    this.#survey = groundwork.survey
    this.#pool = groundwork.pool
    this.#search = new Search({
      pool: this.#pool,
      validator: ports.validator,
      failing: problem.reproduction.failing.map((test) => test.id),
      now: () => ports.now(),
      onProgress,
    })
  }

  async perform(): Promise<RepairOutcome> {
    if (this.#survey.suspects.length === 0) return this.#escalate('no-suspect')
    if (this.#pool.size === 0) return this.#escalate('no-candidate')
    for (;;) {
      await this.#gather()
      await this.#observe()
      const repaired = await this.#confirmBest()
      if (repaired !== null) return repaired
      if (this.#signal.aborted) return this.#escalate('cancelled')
      if (this.#ports.now() >= this.#searchDeadline) return this.#escalate(this.#giveUpReason('out-of-time'))
      if (this.#search.isExhausted && this.#isContinued)
        return this.#escalate(this.#giveUpReason('no-plausible'))
      if (this.#search.plausible.length >= this.#budget.plausible * 3) return this.#escalate('refused')
    }
  }

  get #deadline(): number {
    return this.#start + this.#budget.timeMs
  }

  /** Searching stops here: what is plausible by then still has to be confirmed. */
  get #searchDeadline(): number {
    const reserve = Math.min(
      this.#budget.timeMs / 2,
      Math.max(leastConfirmMs, this.#budget.timeMs * confirmShare),
    )
    return this.#deadline - reserve
  }

  get #gatherMs(): number {
    const taken = (this.#firstPlausibleAt ?? this.#start) - this.#start
    return Math.min(Math.max(leastGatherMs, taken), this.#budget.timeMs * gatherShare)
  }

  /** Searches until enough is plausible, or the first plausible one has had its rivals looked for. */
  async #gather(): Promise<void> {
    const judged = this.#verdicts.size
    const wanted = judged + this.#budget.plausible
    for (;;) {
      const fresh = this.#search.plausible.length - judged
      if (fresh > 0 && this.#firstPlausibleAt === null) this.#firstPlausibleAt = this.#ports.now()
      const deadline =
        this.#firstPlausibleAt === null
          ? this.#searchDeadline
          : Math.min(this.#searchDeadline, this.#firstPlausibleAt + this.#gatherMs)
      const limits = { deadline, plausible: fresh === 0 ? judged + 1 : wanted }
      const elapsed = (this.#ports.now() - this.#start) / this.#budget.timeMs
      if (!this.#isContinued && fresh === 0 && (this.#search.isExhausted || elapsed > continueAfter)) {
        await this.#continue(limits)
      }
      if (this.#search.isExhausted) return
      await this.#search.advance(limits, this.#signal)
      if (this.#search.plausible.length - judged > 0 && fresh === 0) continue
      if (this.#search.isOver(limits, this.#signal)) return
    }
  }

  async #continue(limits: { readonly deadline: number; readonly plausible: number }): Promise<void> {
    this.#isContinued = true
    const bases = [...this.#search.partial, ...this.#search.progressed]
    for await (const candidates of continueFrom(bases, this.#problem, this.#survey, this.#search.nextId)) {
      await this.#search.try(candidates, limits, this.#signal)
      if (this.#search.isOver(limits, this.#signal)) return
    }
  }

  /** Compares the best candidates on inputs that no test holds: what they do there tells which of them is meant. */
  async #observe(): Promise<void> {
    const { validator } = this.#ports
    const best = this.#rank()
      .map(({ candidate }) => candidate)
      .filter(({ id }) => this.#verdicts.get(id) !== 'failed')
      .slice(0, mostObserved)
    const timeMs = Math.min(mostObserveMs, (this.#deadline - this.#ports.now()) * observeShare)
    if (best.length === 0 || timeMs <= 0 || validator.observe === undefined) return
    this.#observation = await validator.observe(best, timeMs, this.#signal)
    this.#onProgress({ kind: 'ranked', candidates: this.#rank() })
  }

  /** Puts plausible candidates to the project's own command, best first, until one passes. */
  async #confirmBest(): Promise<RepairOutcome | null> {
    for (const ranked of this.#rank()) {
      const { candidate } = ranked
      if (this.#verdicts.has(candidate.id)) continue
      if (this.#ports.now() >= this.#deadline || this.#signal.aborted) return null
      this.#onProgress({ kind: 'confirming', candidate })
      const report = await this.#confirm(ranked)
      if (report === null) return null
      const passed = isAccepted(report, this.#problem.reproduction)
      this.#verdicts.set(candidate.id, passed ? 'passed' : 'failed')
      this.#onProgress({ kind: 'confirmed', candidate, passed })
      if (passed) return this.#conclude(ranked, report)
    }
    this.#firstPlausibleAt = null
    return null
  }

  /** Null when there was no time to end. */
  async #confirm({ candidate }: RankedCandidate): Promise<TestReport | null> {
    const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(this.#deadline - this.#ports.now())))
    const stop = AbortSignal.any([this.#signal, timeout])
    try {
      const report = await this.#ports.confirm(candidate, stop)
      return stop.aborted && report.outcome !== 'passed' ? null : report
    } catch (error) {
      if (stop.aborted) return null
      throw error
    }
  }

  #conclude(ranked: RankedCandidate, report: TestReport): RepairOutcome {
    if (ranked.confidence < this.#budget.confidence) return this.#escalate('unsure')
    const alternatives = this.#judged().filter(({ candidate }) => candidate.id !== ranked.candidate.id)
    return {
      kind: 'repaired',
      candidate: ranked.candidate,
      confidence: ranked.confidence,
      explanation: explain(ranked, this.#problem, this.#language, this.#survey, alternatives),
      alternatives: alternatives.slice(0, shownHints),
      suspects: this.#survey.suspects.slice(0, shownSuspects),
      attempts: this.#attempts(),
      report,
    }
  }

  #escalate(reason: EscalationReason): RepairOutcome {
    const attempts = this.#attempts()
    const suspects = this.#survey.suspects.slice(0, shownSuspects)
    const partial = this.#search.partial.map(({ candidate, fixed }): JudgedCandidate => ({
      candidate,
      confidence: 0,
      confirmation: 'unconfirmed',
      features: {},
      reasons: [`makes ${fixed.length} of ${this.#problem.reproduction.failing.length} failing tests pass`],
    }))
    return {
      kind: 'escalated',
      reason,
      summary: summarise(reason, attempts, suspects),
      failing: this.#problem.reproduction.failing.map((test) => test.id),
      suspects,
      hints: [...this.#judged(), ...partial].slice(0, shownHints),
      attempts,
    }
  }

  #giveUpReason(otherwise: EscalationReason): EscalationReason {
    if (this.#verdicts.size > 0) return 'refused'
    return otherwise
  }

  #rank(): readonly RankedCandidate[] {
    return createRanker(this.#problem, this.#survey.vocabulary).rank(
      this.#search.plausible,
      this.#observation,
    )
  }

  /** Confirmed ones first, refused ones last. */
  #judged(): readonly JudgedCandidate[] {
    const order = { passed: 0, unconfirmed: 1, failed: 2 }
    return this.#rank()
      .map((ranked): JudgedCandidate => {
        const confirmation = this.#verdicts.get(ranked.candidate.id) ?? 'unconfirmed'
        return { ...ranked, confirmation }
      })
      .sort((left, right) => order[left.confirmation] - order[right.confirmation])
  }

  #attempts(): RepairAttempts {
    const seconds = (this.#ports.now() - this.#start) / 1000
    const { statistics } = this.#ports.validator
    return {
      generated: this.#pool.size,
      tried: this.#search.tried,
      plausible: this.#search.plausible.length,
      confirmed: this.#verdicts.size,
      seconds,
      triedPerSecond: statistics.seconds === 0 ? 0 : statistics.tried / statistics.seconds,
    }
  }
}
