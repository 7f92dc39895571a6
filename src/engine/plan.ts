import type { StepDefinition, WorkflowDefinition } from '../contracts/index.ts'
import type { Digest } from '../kernel/index.ts'
import type { Expression, Template } from './expressions.ts'

/** A checked definition, ready to be run: acyclic, every expression parsed, every duration in milliseconds. */
export interface Plan {
  readonly digest: Digest
  readonly definition: WorkflowDefinition
  /** In the order of the definition. */
  readonly steps: ReadonlyMap<string, PlannedStep>
  readonly result: ReadonlyMap<string, Expression>
  /** Steps that the result reads. */
  readonly resultReads: ReadonlySet<string>
}

export interface PlannedStep {
  readonly id: string
  readonly definition: StepDefinition
  readonly needs: readonly string[]
  /** Steps that need this one. */
  readonly dependents: readonly string[]
  /** All steps that have ended before this one can start. */
  readonly ancestors: ReadonlySet<string>
  /** Steps whose results its expressions read. */
  readonly reads: ReadonlySet<string>
  readonly when: Expression | undefined
  readonly over: Expression | undefined
  readonly lock: Expression | undefined
  readonly arguments: Template
  readonly compensation: { readonly uses: string; readonly arguments: Template } | undefined
  readonly timeoutMs: number
  readonly retry: RetryPolicy
}

export interface RetryPolicy {
  readonly attempts: number
  readonly backoffMs: number
  readonly factor: number
  readonly maximumMs: number
}

/** Milliseconds to wait after attempt number `attempt` (from 1) failed. */
export function retryDelayMs(policy: RetryPolicy, attempt: number): number {
  return Math.min(policy.maximumMs, policy.backoffMs * policy.factor ** (attempt - 1))
}
