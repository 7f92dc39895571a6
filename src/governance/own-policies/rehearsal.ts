import { AtelierError } from '../../kernel/index.ts'
import type { Digest } from '../../kernel/index.ts'
import { parsePolicyTests, runPolicyTests } from '../policy/index.ts'
import type { OwnPolicyText, PolicyEngine, PolicyProblem, PolicyTestResult } from '../policy/index.ts'
import { ownPolicyErrors } from './errors.ts'
import type { Simulation } from './simulation.ts'

/** What is known of a text before it holds for anybody. */
export interface PolicyCheck {
  /** What is wrong with the text, and where. */
  readonly problems: readonly PolicyProblem[]
  /** Why the tests cannot be read; null where they can. */
  readonly testsProblem: string | null
  /** Results of the text's own tests; empty while something is wrong. */
  readonly tests: readonly PolicyTestResult[]
  readonly ok: boolean
}

/** A check and a simulation, kept with the draft they are about. */
export interface Rehearsal extends PolicyCheck {
  /** ISO 8601. */
  readonly at: string
  readonly by: string
  /** Digest of the draft. */
  readonly draft: Digest
  /** What was in force, see `digestOfForce`: with something else in force the rehearsal says nothing. */
  readonly against: Digest
  readonly simulation: Simulation | null
}

/** Reads the texts beside the shipped policies and runs these tests. */
export function checkTexts(
  engine: PolicyEngine,
  texts: readonly OwnPolicyText[],
  tests: string,
): PolicyCheck {
  const problems = engine.check(texts)
  if (problems.length > 0) return { problems, testsProblem: null, tests: [], ok: false }
  let parsed
  try {
    parsed = parsePolicyTests(tests, 'tests')
  } catch (error) {
    if (!(error instanceof AtelierError)) throw error
    return { problems, testsProblem: error.message, tests: [], ok: false }
  }
  const results = withCandidate(engine, texts, (candidate) => runPolicyTests(candidate, parsed))
  return { problems, testsProblem: null, tests: results, ok: results.every(({ passed }) => passed) }
}

/** @throws ATL_OWN_POLICY_BUSY */
function withCandidate<T>(
  engine: PolicyEngine,
  texts: readonly OwnPolicyText[],
  use: (candidate: NonNullable<ReturnType<PolicyEngine['tryOut']>>) => T,
): T {
  const candidate = engine.tryOut(texts)
  if (candidate === undefined) throw ownPolicyErrors.BUSY()
  try {
    return use(candidate)
  } finally {
    candidate.release()
  }
}
