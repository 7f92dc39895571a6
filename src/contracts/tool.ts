import type { z } from 'zod'
import type { Logger, RunId, TenantId } from '../kernel/index.ts'
import type { Principal } from './principal.ts'

/** What an act can do to the world, from harmless to irreversible. */
export type EffectClass = 'read' | 'workspace' | 'external-reversible' | 'external-irreversible'

/** Amounts that budgets count. `money` is in millionths of the currency; all are non-negative integers. */
export interface Cost {
  readonly money: number
  readonly tokens: number
  readonly toolCalls: number
  readonly seconds: number
}

export interface ToolContext {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly attempt: number
  readonly principal: Principal
  /** The same for every attempt of the same act; external effects carry it. */
  readonly idempotencyKey: string
  /** Aborted on cancellation and at the deadline. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** Says in a few words what is being done just now, for whoever watches. */
  report(message: string): void
  /**
   * Adds money and tokens really used, as they are used. What a tool reserves of them and never records is presumed
   * spent. Tool calls and seconds are counted by the door.
   */
  readonly recordCost?: (used: Partial<Pick<Cost, 'money' | 'tokens'>>) => void
}

/**
 * A declared capability. Payloads are parsed by `input` before, and results by `output` after; a payload that a model
 * wrote is treated like input from a public web form.
 */
export interface Tool<I = unknown, O = unknown> {
  /** For example `tests.execute`. */
  readonly name: string
  readonly summary: string
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
  readonly effect: EffectClass
  /** Permissions that a grant must include, for example `repository:push`. */
  readonly permissions: readonly string[]
  /** Error codes the tool is known to fail with. */
  readonly failureModes: readonly string[]
  /** The most one call can use up; reserved before, settled with what was used after. */
  readonly worstCase: Cost
  /**
   * `own`: what the tool calls outside has circuit breakers already, so that its failures do not stop all of its calls.
   * The door keeps a circuit for every other tool.
   */
  readonly circuit?: 'own'
  /** Says what must hold before and does not, beyond the schema of the input; undefined when all is well. */
  precondition?(input: I): string | undefined
  /** Says what must hold afterwards and does not, beyond the schema of the output; undefined when all is well. */
  postcondition?(input: I, output: O): string | undefined
  /**
   * Git tree that the call would put into the world; the approval has to be for exactly this one. Required for
   * external effect classes.
   */
  approvedTree?(input: I): string
  perform(input: I, context: ToolContext): Promise<O>
  /**
   * Look before leap: after a crash in the middle of an external effect, finds out whether it happened and returns
   * its result if so. Required for external effect classes.
   */
  recover?(input: I, context: ToolContext): Promise<O | undefined>
}
