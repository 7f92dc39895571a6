import type { TestFramework, TestReport } from '../../../contracts/index.ts'
import type { Logger } from '../../../kernel/index.ts'
import type { Sandbox, SandboxSpec } from '../../sandbox/index.ts'
import type { CoverageSpectrum, Reproduction, Validator } from '../model.ts'

export interface ValidationSetup {
  /**
   * Makes a sandbox that holds the base tree and its dependencies, with these binds besides. Called once per worker;
   * the validation destroys what it gets.
   */
  readonly openSandbox: (binds: SandboxSpec['readOnlyBinds']) => Promise<Sandbox>
  readonly framework: TestFramework
  /** Folder of the package relative to the repository's root; empty for the root. */
  readonly directory: string
  /** What the project's own command sets, such as `TZ`. */
  readonly environment: Readonly<Record<string, string>>
  readonly reproduction: Reproduction
  /** Processes that try candidates at the same time. */
  readonly workers: number
  /** Runs test files with the project's own runner: the slow way, where workers do not see what the runner sees. */
  readonly runTests: (sandbox: Sandbox, files: readonly string[], signal: AbortSignal) => Promise<TestReport>
  readonly logger: Logger
}

/** How candidates are tried, and why not in the fast way. */
export type ValidationMode =
  | { readonly kind: 'in-process'; readonly failing: number; readonly guards: number }
  | { readonly kind: 'runner'; readonly reason: string }

export interface Validation extends Validator {
  readonly mode: ValidationMode
  /** What each test executed, failing files first, until the time is used up. Empty where it cannot be measured. */
  readonly collectSpectrum: (timeMs: number, signal: AbortSignal) => Promise<CoverageSpectrum>
}
