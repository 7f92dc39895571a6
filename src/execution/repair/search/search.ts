import type { CandidatePool } from '../generation/index.ts'
import type { Candidate, CandidateOutcome, RepairProgress, Validator } from '../model.ts'
import { pairPartials } from './combine.ts'

/** Small at first, so that half repairs are soon joined. */
const chunkSizes = [200, 600, 2_000, 4_000] as const
/** Ids of joined candidates start here, out of reach of the pool's. */
const firstJoinedId = 10_000_001
const mostProgressed = 500
const outcomesPerReport = 25

export interface SearchLimits {
  /** On the clock of `now`. */
  readonly deadline: number
  /** Plausible candidates to stop at, those already known included. */
  readonly plausible: number
}

/** Works through the pool and remembers what came close. Can be asked to go on after it stopped. */
export class Search {
  readonly plausible: CandidateOutcome[] = []
  readonly partial: CandidateOutcome[] = []
  /** Half repairs of another kind: nothing passes yet, but the tests fail in another way. */
  readonly progressed: CandidateOutcome[] = []
  #tried = 0
  #chunks = 0
  #isExhausted = false
  /** Handed to the validator, but not tried before it stopped. */
  readonly #left: Candidate[] = []
  #joinedId = firstJoinedId
  readonly #knownPairs = new Set<string>()
  readonly #pool: CandidatePool
  readonly #validator: Validator
  readonly #failing: readonly string[]
  readonly #now: () => number
  readonly #onProgress: (progress: RepairProgress) => void

  constructor(parts: {
    readonly pool: CandidatePool
    readonly validator: Validator
    readonly failing: readonly string[]
    readonly now: () => number
    readonly onProgress: (progress: RepairProgress) => void
  }) {
    this.#pool = parts.pool
    this.#validator = parts.validator
    this.#failing = parts.failing
    this.#now = parts.now
    this.#onProgress = parts.onProgress
  }

  get tried(): number {
    return this.#tried
  }

  /** Whether every candidate of the pool has been tried. */
  get isExhausted(): boolean {
    return this.#isExhausted
  }

  readonly nextId = (): number => this.#joinedId++

  /** Tries the next candidates of the pool, joined half repairs first. */
  async advance(limits: SearchLimits, signal: AbortSignal): Promise<void> {
    const pairs = pairPartials(this.partial, this.#failing, this.#knownPairs, this.nextId)
    if (pairs.length > 0) await this.try(pairs, limits, signal)
    if (this.isOver(limits, signal)) return
    const left = this.#left.splice(0)
    if (left.length > 0) {
      await this.try(left, limits, signal)
      return
    }
    const size = chunkSizes[Math.min(this.#chunks, chunkSizes.length - 1)] ?? 1
    this.#chunks += 1
    const chunk = this.#pool.take(size)
    this.#isExhausted = chunk.length === 0
    if (chunk.length > 0) await this.try(chunk, limits, signal)
  }

  isOver(limits: SearchLimits, signal: AbortSignal): boolean {
    return signal.aborted || this.#now() >= limits.deadline || this.plausible.length >= limits.plausible
  }

  /** Tries candidates until they, the time or the need for more plausible ones end. */
  async try(candidates: readonly Candidate[], limits: SearchLimits, signal: AbortSignal): Promise<void> {
    const timeMs = limits.deadline - this.#now()
    const wanted = limits.plausible - this.plausible.length
    if (timeMs <= 0 || wanted <= 0 || candidates.length === 0) return
    const outcomes = this.#validator.validate(candidates, { timeMs, plausible: wanted }, signal)
    const untried = new Set(candidates)
    for await (const outcome of outcomes) {
      untried.delete(outcome.candidate)
      this.#note(outcome)
      if (this.isOver(limits, signal)) break
    }
    this.#left.push(...untried)
  }

  #note(outcome: CandidateOutcome): void {
    this.#tried += 1
    const { candidate } = outcome
    if (outcome.outcome === 'plausible') {
      this.plausible.push(outcome)
      this.#onProgress({ kind: 'plausible', candidate, found: this.plausible.length })
    } else if (outcome.outcome === 'partial') {
      this.partial.push(outcome)
    } else if (
      outcome.outcome === 'failed' &&
      outcome.broken.length === 0 &&
      outcome.messages !== undefined
    ) {
      if (this.progressed.length < mostProgressed) this.progressed.push(outcome)
    }
    if (this.#tried % outcomesPerReport === 1) {
      this.#onProgress({
        kind: 'trying',
        tried: this.#tried,
        total: this.#pool.size,
        current: candidate.description,
      })
    }
  }
}
