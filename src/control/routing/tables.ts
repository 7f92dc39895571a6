import type { CreatedAt } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    routing_attempts: RoutingAttemptsTable
  }
}

interface RoutingAttemptsTable {
  tenant_id: string
  run_id: string
  step_id: string
  /** The first tier that tried is 1. */
  number: number
  principal_id: string
  tier: string
  /** Null for a tier without a model. */
  route: string | null
  rule: string | null
  difficulty: number
  policy_digest: string
  outcome: AttemptOutcome
  /** What is to be known of the outcome, in a sentence. */
  detail: string
  /** Millionths of the currency. */
  money: number
  input_tokens: number
  output_tokens: number
  seconds: number
  created_at: CreatedAt
}

/**
 * How the attempt of a tier ended. `solved`: verified, whatever the agent said; `refuted`: offered, and the tests say
 * otherwise; `capped`: a limit; `stuck`: a breaker; `gave-up`: the agent said so, or nothing was certain enough.
 */
export const attemptOutcomes = ['solved', 'refuted', 'capped', 'stuck', 'gave-up', 'failed'] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]
