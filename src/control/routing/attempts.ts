import { sql } from 'kysely'
import type { PrincipalId, RunId, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import type { RoutingDecision, TierRecord } from './decision.ts'
import type { AttemptOutcome } from './tables.ts'

/** What came of a tier's try at a piece of work. */
export interface RoutingAttempt {
  readonly tier: string
  readonly route: string | null
  readonly outcome: AttemptOutcome
  readonly detail: string
  /** Millionths of the currency. */
  readonly money: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly seconds: number
}

/** Of which decision of which step an attempt is, and which one, from 1. */
export interface AttemptPlace {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly number: number
  readonly principalId: PrincipalId
  readonly decision: Pick<RoutingDecision, 'rule' | 'difficulty' | 'policy'>
}

/** Records an attempt once: the same place again changes nothing. */
export async function recordAttempt(tx: Tx, place: AttemptPlace, attempt: RoutingAttempt): Promise<void> {
  const { tenantId, runId, stepId, number, principalId, decision } = place
  await tx
    .insertInto('routing_attempts')
    .values({
      tenant_id: tenantId,
      run_id: runId,
      step_id: stepId,
      number,
      principal_id: principalId,
      tier: attempt.tier,
      route: attempt.route,
      rule: decision.rule,
      difficulty: decision.difficulty,
      policy_digest: decision.policy.digest,
      outcome: attempt.outcome,
      detail: attempt.detail.slice(0, 2000),
      money: attempt.money,
      input_tokens: attempt.inputTokens,
      output_tokens: attempt.outputTokens,
      seconds: Math.round(attempt.seconds),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Work counts as alike up to this difference in difficulty. */
const alike = 0.15
/** Days after which an attempt says nothing about today's models. */
const memoryDays = 90

/** What each tier has done with every bit of recent work, to be asked by difficulty. */
export async function readRecords(
  tx: Tx,
  tenantId: TenantId,
): Promise<(difficulty: number) => readonly TierRecord[]> {
  const rows = await tx
    .selectFrom('routing_attempts')
    .select(['tier', sql<number>`round(difficulty * 20)`.as('bucket')])
    .select(({ fn }) => fn.countAll<number>().as('attempts'))
    .select(sql<number>`count(*) filter (where outcome = 'solved')`.as('solved'))
    .where('tenant_id', '=', tenantId)
    .where('created_at', '>', sql<Date>`now() - make_interval(days => ${memoryDays})`)
    .groupBy(['tier', 'bucket'])
    .execute()
  return (difficulty) => {
    const sums = new Map<string, { attempts: number; solved: number }>()
    for (const { tier, bucket, attempts, solved } of rows) {
      if (Math.abs(bucket / 20 - difficulty) > alike) continue
      const sum = sums.get(tier) ?? { attempts: 0, solved: 0 }
      sums.set(tier, { attempts: sum.attempts + attempts, solved: sum.solved + solved })
    }
    return [...sums].map(([tier, sum]) => ({ tier, ...sum }))
  }
}
