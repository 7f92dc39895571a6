import type { Vocabulary } from '../evidence/index.ts'
import type { CandidatePool } from '../generation/index.ts'
import type { RepairProblem, Suspect } from '../model.ts'

/**
 * What the engine has to be told about a programming language to repair programs written in it. Everything else (which
 * candidates to try when, how to join half repairs, how to rank, what to ask the project's own command) is the same for
 * all. A language also needs a worker that tries candidates; see `validation/worker-binding.ts`.
 */
export interface Language {
  readonly name: string
  /** Whether it can read a file, judged by its path. */
  reads(path: string): boolean
  /** Looks at a problem before anything is tried. */
  survey(problem: RepairProblem): Promise<Survey>
  /** What is wrong with code that a family of templates repairs, as a sentence for people. */
  faultOf(family: string): string | null
}

/** What a language finds out about a problem. */
export interface Survey {
  readonly vocabulary: Vocabulary
  /** Most suspicious first. */
  readonly suspects: readonly Suspect[]
  /** Number of files that are suspected. */
  readonly files: number
  /** Makes every edit that it knows for the suspicious places. Lets other work in between: it may take seconds. */
  generate(options?: SurveyOptions): Promise<CandidatePool>
  /** Name of the innermost function around an offset, or null where there is none. */
  functionAt(path: string, offset: number): string | null
}

interface SurveyOptions {
  /** Edits only this file. */
  readonly file?: string
  /** Candidates kept at most, best first. */
  readonly most?: number
  /** Another problem, with the messages of the tests after a first edit, whose words are to be used. */
  readonly problem?: RepairProblem
  /** Ends the enumeration early, with what there is. */
  readonly signal?: AbortSignal
}
