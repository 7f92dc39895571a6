import { z } from 'zod'

/** When the breakers of an agent act; all of them count turns or calls of one agent at one tier. */
export const breakerLimitsSchema = z.strictObject({
  /** Runs of the tests in which the same test fails, without any other being mended. */
  sameTestCalls: z.int().min(2).max(50).default(5),
  /** Seconds of work on the same failing test, without any other being mended. */
  sameTestSeconds: z.int().positive().max(86_400).default(300),
  /** The same action on the same tree, or the same results turn after turn. */
  identical: z.int().min(2).max(20).default(4),
  /** Steps that go back and forth between the same few states. */
  oscillation: z.int().min(4).max(30).default(6),
  /** Turns in which neither the tree nor the set of failing tests changes. */
  noProgress: z.int().min(3).max(200).default(16),
  /** Turns in a row whose calls cannot be read, or that call nothing. */
  formatErrors: z.int().min(1).max(20).default(4),
  /** Calls of tools that do not exist or were not granted, altogether. */
  refusals: z.int().min(1).max(50).default(5),
})
export type BreakerLimits = z.infer<typeof breakerLimitsSchema>

/** What a breaker needs to know of one turn: one answer of the model and what came of its calls. */
export interface TurnFacts {
  /** One for each call: tool, input and tree before, as a digest. */
  readonly actions: readonly string[]
  /** Digest of all results together; empty where nothing was called. */
  readonly results: string
  /** Tree after the turn; empty where the agent cannot change one. */
  readonly tree: string
  /** Ids of the tests known to fail after the turn, sorted. */
  readonly failing: readonly string[]
  /** For each run of the tests in this turn, the ids of those that failed in it. */
  readonly testRuns: readonly (readonly string[])[]
  /** Duration of the answer and its calls, from the record. */
  readonly milliseconds: number
  /** The answer called nothing, or nothing that could be read. */
  readonly malformed: boolean
  /** Calls of unknown or not granted tools. */
  readonly refused: number
}

export type BreakerName =
  | 'same-test'
  | 'identical'
  | 'oscillation'
  | 'no-progress'
  | 'format'
  | 'refused-tools'
  | 'repetition'

/** What a breaker says after a turn. A nudge is told to the model; after `stop` this agent does nothing more. */
export type Verdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'nudge'; readonly text: string }
  | { readonly kind: 'stop'; readonly reason: string }

export const fine: Verdict = { kind: 'fine' }

/** A pure judgement of all turns so far, the last one just ended. */
export type Breaker = (turns: readonly TurnFacts[], limits: BreakerLimits) => Verdict
