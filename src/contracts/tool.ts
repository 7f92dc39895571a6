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
  perform(input: I, context: ToolContext): Promise<O>
  /**
   * Look before leap: after a crash in the middle of an external effect, finds out whether it happened and returns
   * its result if so. Required for external effect classes.
   */
  recover?(input: I, context: ToolContext): Promise<O | undefined>
}
