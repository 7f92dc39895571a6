import type { TestCase } from '../../contracts/index.ts'

/** Text of one file of the base tree. */
export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Replaces `[start, end)`, in UTF-16 code units of the base text. */
export interface TextEdit {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** The frozen failing set: what must pass afterwards, and what must go on passing. */
export interface Reproduction {
  readonly failing: readonly TestCase[]
  readonly passing: readonly TestCase[]
  /** Test files that hold the failing tests, relative to the repository's root. */
  readonly failingFiles: readonly string[]
  /** Every test file the suite ran, relative to the repository's root. */
  readonly testFiles: readonly string[]
}

/** A place that may hold the fault, with the reasons that point to it. */
export interface Suspect {
  readonly file: string
  readonly start: number
  readonly end: number
  /** 1-based. */
  readonly line: number
  /** 0 … 1, comparable within one run only. */
  readonly score: number
  readonly reasons: readonly string[]
}

/** A possible repair. */
export interface Candidate {
  /** Unique within one run, from 1: 0 stands for the unchanged program. */
  readonly id: number
  readonly edits: readonly TextEdit[]
  /** Name of the template that made it, for example `guard/return-early`. */
  readonly template: string
  /** Higher is tried earlier: suspiciousness of the place × how often real fixes look like this. */
  readonly prior: number
  readonly line: number
  /** For people: `compare with >= instead of >`. */
  readonly description: string
}

export interface CandidateOutcome {
  readonly candidate: Candidate
  /**
   * `plausible`: every failing test passes and nothing that passed in the tests run fails. `partial`: some failing
   * test passes now and nothing broke. `invalid`: does not parse or load.
   */
  readonly outcome: 'plausible' | 'partial' | 'failed' | 'invalid' | 'exhausted'
  readonly fixed: readonly string[]
  readonly broken: readonly string[]
}

export interface ValidationBudget {
  readonly timeMs: number
  /** Stop after this many plausible candidates. */
  readonly plausible: number
}

/** Tries candidates fast; what it calls plausible is still to be confirmed by the project's own command. */
export interface Validator {
  /** Yields outcomes as they come. Candidates are tried in the order given. */
  validate(
    candidates: readonly Candidate[],
    budget: ValidationBudget,
    signal: AbortSignal,
  ): AsyncIterable<CandidateOutcome>
  /** Candidates tried so far and seconds spent. */
  readonly statistics: { readonly tried: number; readonly seconds: number }
  close(): Promise<void>
}

/** Orders plausible candidates by how likely they are what the maintainers would have written. */
export interface Ranker {
  rank(plausible: readonly CandidateOutcome[]): readonly RankedCandidate[]
}

export interface RankedCandidate {
  readonly candidate: Candidate
  /** 0 … 1. Below the threshold a candidate is a hint, not a fix. */
  readonly confidence: number
  readonly reasons: readonly string[]
}
