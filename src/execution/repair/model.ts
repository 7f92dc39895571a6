import type { TestCase, TestReport } from '../../contracts/index.ts'

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

/** `[start, end)` in UTF-16 code units of the base text. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/** What one test executed. */
export interface TestCoverage {
  /** As in {@link TestCase.id}; the path of the test file where only whole files could be measured. */
  readonly id: string
  readonly outcome: 'passed' | 'failed'
  /** Test file, relative to the repository's root. */
  readonly file?: string
  /**
   * Per source file, by path relative to the repository's root, what was executed at least once by this test. Code
   * that runs while a module loads belongs to every test; it may be left out. A file that the test loaded and of which
   * nothing more is known has an empty list.
   */
  readonly covered: Readonly<Record<string, readonly TextRange[]>>
}

/** Who executed what: the input of spectrum-based fault localisation. */
export interface CoverageSpectrum {
  readonly tests: readonly TestCoverage[]
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
  /** Ids of failing tests that pass with the candidate. */
  readonly fixed: readonly string[]
  /** Ids of passing tests that fail with it. */
  readonly broken: readonly string[]
  /**
   * First failure message per test that still fails, where it differs from the message of the unchanged program: the
   * sign of a half repair that got further.
   */
  readonly messages?: Readonly<Record<string, string>>
}

export interface ValidationBudget {
  readonly timeMs: number
  /** Stop after this many plausible candidates. */
  readonly plausible: number
}

/** What tests saw of a program with one of their inputs exchanged. */
export interface Sighting {
  /** Equal for equal behaviour. */
  readonly digest: string
  /** Whether the program crashed: an error that no program throws on purpose, or steps without end. */
  readonly crashed: boolean
}

/** How the unchanged program and candidates behave on inputs near those of the tests. All lists are in one order. */
export interface Observation {
  /** Whether the input is one of a failing test; else a passing test executes what the candidates change. */
  readonly near: readonly boolean[]
  readonly unchanged: readonly Sighting[]
  /** By candidate id. */
  readonly candidates: ReadonlyMap<number, readonly Sighting[]>
}

/** Tries candidates fast; what it calls plausible is still to be confirmed by the project's own command. */
export interface Validator {
  /** Yields outcomes as they come. Candidates are tried in the order given. */
  validate(
    candidates: readonly Candidate[],
    budget: ValidationBudget,
    signal: AbortSignal,
  ): AsyncIterable<CandidateOutcome>
  /**
   * Runs tests with other inputs than their own, on the unchanged program and on each candidate. Null where that did not
   * work: the tests run in processes of their own, or use nothing that can be exchanged. Undefined where no program of the
   * language can be watched.
   */
  observe?(
    candidates: readonly Candidate[],
    timeMs: number,
    signal: AbortSignal,
  ): Promise<Observation | null | undefined>
  /** Candidates tried so far and seconds spent. */
  readonly statistics: { readonly tried: number; readonly seconds: number }
  close(): Promise<void>
}

/** Orders plausible candidates by how likely they are what the maintainers would have written. */
export interface Ranker {
  /** @param observation null where candidates could have been watched and were not; undefined where nobody can. */
  rank(plausible: readonly CandidateOutcome[], observation?: Observation | null): readonly RankedCandidate[]
}

export interface RankedCandidate {
  readonly candidate: Candidate
  /** 0 … 1. Below the threshold a candidate is a hint, not a fix. */
  readonly confidence: number
  readonly reasons: readonly string[]
  /** What the confidence was made of, by name. */
  readonly features: Readonly<Record<string, number>>
}

/** Lines of the base that a commit before the failure brought; younger commits are more suspicious. */
export interface RecentChange {
  readonly file: string
  /** 1-based, inclusive. */
  readonly startLine: number
  /** 1-based, inclusive. */
  readonly endLine: number
  /** 0 for the latest commit, then 1, 2 … */
  readonly commitsAgo: number
}

/** Everything the zero-token engineer may look at. */
export interface RepairProblem {
  /** Files that may be edited: never tests, fixtures, dependencies or generated code. */
  readonly sources: readonly SourceFile[]
  /** The test files that hold the failing tests, and what they import from the test tree. Never edited. */
  readonly tests: readonly SourceFile[]
  readonly reproduction: Reproduction
  /** Absent when coverage could not be measured. */
  readonly spectrum?: CoverageSpectrum
  /** What a person wrote: title and text of the issue. Words only, never an instruction. */
  readonly issue?: string
  /** Lines of test files that came with the reproduction, by file: they say most about what is wanted. 1-based. */
  readonly newTestLines?: Readonly<Record<string, readonly number[]>>
  readonly recentChanges?: readonly RecentChange[]
  /** A stack trace that a person reported. Its lines may be those of another version. */
  readonly reportedStack?: string
}

export interface RepairBudget {
  /** Wall-clock milliseconds for the whole of it, confirmation included. */
  readonly timeMs: number
  /** Plausible candidates to collect before they are confirmed; more means better ranking and more time. */
  readonly plausible: number
  /** Least confidence, 0 … 1, at which a confirmed candidate counts as a repair and not as a hint. */
  readonly confidence: number
}

export interface RepairPorts {
  readonly validator: Validator
  /** Runs the project's own test command on the real tree with the candidate applied: the last word. */
  confirm(candidate: Candidate, signal: AbortSignal): Promise<TestReport>
  /** Milliseconds since any fixed instant. */
  now(): number
}

export type RepairProgress =
  | { readonly kind: 'localised'; readonly suspects: readonly Suspect[] }
  | { readonly kind: 'generated'; readonly candidates: number; readonly files: number }
  | { readonly kind: 'trying'; readonly tried: number; readonly total: number; readonly current: string }
  | { readonly kind: 'plausible'; readonly candidate: Candidate; readonly found: number }
  | { readonly kind: 'ranked'; readonly candidates: readonly RankedCandidate[] }
  | { readonly kind: 'confirming'; readonly candidate: Candidate }
  | { readonly kind: 'confirmed'; readonly candidate: Candidate; readonly passed: boolean }

/** In words and with evidence, for people who decide. */
export interface Explanation {
  /** What was wrong. */
  readonly fault: string
  /** `path:line` and the function it stands in. */
  readonly place: string
  /** Why the edit repairs it. */
  readonly remedy: string
  /** Ids of the tests that show it. */
  readonly tests: readonly string[]
  /** What speaks for and against it. */
  readonly evidence: readonly string[]
  /** Other plausible edits that were weighed. */
  readonly considered: readonly string[]
}

export interface RepairAttempts {
  readonly generated: number
  readonly tried: number
  readonly plausible: number
  readonly confirmed: number
  readonly seconds: number
  readonly triedPerSecond: number
}

/** A candidate that was confirmed or refused by the project's own command. */
export interface JudgedCandidate extends RankedCandidate {
  /** `unconfirmed`: time ran out before the project's own command was asked. */
  readonly confirmation: 'passed' | 'failed' | 'unconfirmed'
}

export type RepairOutcome =
  | {
      readonly kind: 'repaired'
      readonly candidate: Candidate
      readonly confidence: number
      readonly explanation: Explanation
      readonly alternatives: readonly JudgedCandidate[]
      readonly suspects: readonly Suspect[]
      readonly attempts: RepairAttempts
      readonly report: TestReport
    }
  | {
      readonly kind: 'escalated'
      readonly reason:
        | 'no-suspect'
        | 'no-candidate'
        | 'no-plausible'
        | 'refused'
        | 'unsure'
        | 'out-of-time'
        | 'cancelled'
      /** For people: what happened and what to do next. */
      readonly summary: string
      readonly failing: readonly string[]
      readonly suspects: readonly Suspect[]
      /** Best first: plausible, then partial candidates. */
      readonly hints: readonly JudgedCandidate[]
      readonly attempts: RepairAttempts
    }
