import type { TestFramework } from '../../../contracts/index.ts'
import type { ShellWord } from '../detection/shell-words.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import type { ReporterFile } from '../running/reporter-files.ts'
import type { CaseRecord } from '../running/records.ts'
import type { Invocation, TestSuite } from '../suite.ts'

/** One command that runs all or part of a suite. */
export interface Execution {
  /** The test file that it is about, relative to the package; null when it runs several. */
  readonly file: string | null
  /** Shell text. `$reporters` is the directory of the reporters. */
  readonly command: string
  readonly reporters: readonly ReporterFile[]
  /**
   * `records`: a reporter sends each result and an end. `tap-records`: a reporter sends the TAP stream of each test
   * file. `output`: results, if any, stand in standard output.
   */
  readonly results: 'records' | 'tap-records' | 'output'
  readonly environment?: Readonly<Record<string, string>>
  /** False when the command is a list or pipeline, which a shell has to stay alive for. */
  readonly exec?: false
}

export interface RunPlan {
  readonly executions: readonly Execution[]
  /** How many executions may run at the same time. */
  readonly concurrency: number
}

/** Which tests to run; everything when absent. */
export interface TestSelection {
  /** Test files, relative to the package. */
  readonly files?: readonly string[]
  /** Full names without the file, suites and name joined by ` > `. */
  readonly names?: readonly string[]
}

export interface PlanRequest {
  readonly suite: TestSuite
  readonly selection: TestSelection
  /** The files of the package, in the sandbox. */
  readonly files: RepositoryFiles
  /** Processors that this machine offers. */
  readonly processors: number
}

/** Everything the studio knows about one test runner. Adding one means adding a file here and a line in the registry. */
export interface Runner {
  readonly framework: TestFramework
  /** Names under which scripts call it. */
  readonly programs: readonly string[]
  /** npm package that brings it; absent for runners that come with the language. */
  readonly dependency?: string
  /** Configuration files by which it is known. */
  readonly configuration?: RegExp
  /** The arguments that name test files, folders or patterns. */
  fileArguments(invocation: Invocation): readonly ShellWord[]
  plan(request: PlanRequest): Promise<RunPlan>
  /** Reads results out of standard output, for runners that have no better place. */
  readOutput?(
    stdout: string,
    request: PlanRequest,
  ): Promise<{ readonly cases: readonly CaseRecord[]; readonly complete: boolean }>
}
