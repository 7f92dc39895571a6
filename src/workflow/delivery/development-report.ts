import type { Escalation, Finding } from '../../contracts/index.ts'
import { type AgentOutcome, changeResultSchema } from '../../control/agents/index.ts'
import type { RoutingAttempt } from '../../control/routing/index.ts'
import type { DevelopmentInput } from './development-input.ts'
import type { DevelopmentAttempt, DevelopmentResult } from './development-result.ts'
import type { SelectOutput } from './select.ts'

/** Who is asked, and through which models. */
export interface Tier {
  readonly name: string
  readonly agent: string
  readonly route: string
}

/** What one tier came to. */
export interface Try {
  readonly tier: Tier
  readonly outcome: AgentOutcome
  /** What the studio itself found of the change; absent where there is none. */
  readonly judged: SelectOutput | undefined
  readonly attempt: RoutingAttempt
}

export function cameTo(
  outcome: AgentOutcome,
  judged: SelectOutput | undefined,
): Pick<RoutingAttempt, 'outcome' | 'detail'> {
  switch (outcome.kind) {
    case 'completed':
      if (judged === undefined) return { outcome: 'gave-up', detail: 'it says that nothing is to be changed' }
      return judged.chosen === null
        ? { outcome: 'refuted', detail: judged.candidates.flatMap(({ reasons }) => reasons).join('; ') }
        : { outcome: 'solved', detail: 'the tests of the base revision pass' }
    case 'capped':
      return { outcome: 'capped', detail: outcome.reason }
    case 'stuck':
      return { outcome: 'stuck', detail: outcome.reason }
    case 'asks-person':
      return { outcome: 'gave-up', detail: `it asks: ${outcome.question.question}` }
    case 'failed':
      return { outcome: 'failed', detail: `${outcome.error.code} ${outcome.error.message}` }
  }
}

type Changed = Extract<DevelopmentResult, { outcome: 'changed' }>

export function describeChange(
  outcome: AgentOutcome,
  { proposal: { tree, change }, verdict }: NonNullable<SelectOutput['chosen']>,
): Omit<Changed, 'outcome' | 'attempts'> {
  const claim = changeResultSchema.safeParse(outcome.kind === 'completed' ? outcome.result : undefined).data
  const findings = (claim?.remaining ?? []).map((message): Finding => ({
    rule: 'developer/remaining',
    severity: 'info',
    message,
  }))
  return {
    tree,
    change,
    explanation: [claim?.cause, claim?.summary]
      .filter((part) => part !== undefined && part !== '')
      .join('\n'),
    findings,
    verdict,
  }
}

/** The last tier's table, below what the tiers before it and the engineer without a model came to. */
export function escalationOf(tries: readonly Try[], { repair }: DevelopmentInput): Escalation {
  const last = tries.at(-1)?.outcome.escalation
  const before = repair?.outcome === 'escalated' ? repair.escalation : undefined
  return {
    hypothesis: last?.hypothesis ?? before?.hypothesis ?? 'Nobody could be asked to do this.',
    attempts: [
      ...(before?.attempts ?? []),
      ...tries.map(({ tier, attempt }) => ({
        what: `${tier.agent} with ${tier.route}`,
        result: `${attempt.outcome}: ${attempt.detail}`,
      })),
      ...(last?.attempts ?? []),
    ],
    failingTests: last?.failingTests ?? before?.failingTests ?? [],
    suspects: [...(last?.suspects ?? []), ...(before?.suspects ?? [])],
    hints: [...(last?.hints ?? []), ...(before?.hints ?? [])],
  }
}

export function viewAttempt({ tier, attempt }: Try): DevelopmentAttempt {
  return {
    tier: tier.name,
    agent: tier.agent,
    route: tier.route,
    outcome: attempt.outcome,
    detail: attempt.detail,
  }
}
