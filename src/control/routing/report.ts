import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'

/** Prices of a route, in millionths of the currency per million tokens. */
export interface RoutePrice {
  readonly input: number
  readonly output: number
}

interface TierQuality {
  readonly tier: string
  readonly attempts: number
  readonly solved: number
  /** Offered, and refuted by the tests. */
  readonly refuted: number
  /** Millionths of the currency. */
  readonly money: number
  readonly seconds: number
}

interface Misroute {
  readonly runId: string
  readonly stepId: string
  /** The tier that was tried first, and the one that solved it; null when none did. */
  readonly first: string
  readonly solvedBy: string | null
  readonly detail: string
}

export interface RoutingReport {
  /** ISO 8601. */
  readonly since: string
  readonly pieces: number
  readonly tiers: readonly TierQuality[]
  /** Newest first: the first tier of models that tried did not solve it, at most a hundred. */
  readonly misroutes: readonly Misroute[]
  readonly misrouted: number
  /** Millionths of the currency. */
  readonly spent: number
  /** What the same tokens would have cost with the dearest tier; null where its price is unknown. */
  readonly dearest: number | null
}

/** How well work was routed since a day. @param dearest price of the largest tier's model, if known */
export async function reportRouting(
  tx: Tx,
  tenantId: TenantId,
  { since, dearest }: { readonly since: Date; readonly dearest: RoutePrice | undefined },
): Promise<RoutingReport> {
  const recent = tx
    .selectFrom('routing_attempts')
    .where('tenant_id', '=', tenantId)
    .where('created_at', '>=', since)
  const tiers = await recent
    .select('tier')
    .select(({ fn }) => [
      fn.countAll<number>().as('attempts'),
      sql<number>`count(*) filter (where outcome = 'solved')`.as('solved'),
      sql<number>`count(*) filter (where outcome = 'refuted')`.as('refuted'),
      sql<number>`sum(money)::bigint`.as('money'),
      sql<number>`sum(seconds)::bigint`.as('seconds'),
      sql<number>`sum(input_tokens)::bigint`.as('input'),
      sql<number>`sum(output_tokens)::bigint`.as('output'),
      sql<number>`min(number)`.as('earliest'),
    ])
    .groupBy('tier')
    .orderBy('earliest')
    .orderBy('tier')
    .execute()
  const sum = (read: (row: (typeof tiers)[number]) => number): number =>
    tiers.reduce((total, row) => total + read(row), 0)
  const misroutes = await findMisroutes(tx, tenantId, since)
  const { pieces } = await recent
    .select(sql<number>`count(distinct (run_id, step_id))`.as('pieces'))
    .executeTakeFirstOrThrow()
  return {
    since: since.toISOString(),
    pieces,
    tiers: tiers.map(({ tier, attempts, solved, refuted, money, seconds }) => ({
      tier,
      attempts,
      solved,
      refuted,
      money,
      seconds,
    })),
    misroutes: misroutes.slice(0, 100),
    misrouted: misroutes.length,
    spent: sum(({ money }) => money),
    dearest:
      dearest === undefined
        ? null
        : Math.ceil(
            (sum(({ input }) => input) * dearest.input + sum(({ output }) => output) * dearest.output) / 1e6,
          ),
  }
}

/** Pieces of work whose first tier of models did not solve them. */
async function findMisroutes(tx: Tx, tenantId: TenantId, since: Date): Promise<Misroute[]> {
  const rows = await tx
    .selectFrom('routing_attempts')
    .select(['run_id', 'step_id', 'tier', 'outcome', 'detail'])
    .where('tenant_id', '=', tenantId)
    .where('created_at', '>=', since)
    .where('route', 'is not', null)
    .orderBy('run_id', 'desc')
    .orderBy('step_id')
    .orderBy('number')
    .limit(20_000)
    .execute()
  const pieces = Map.groupBy(rows, ({ run_id, step_id }) => `${run_id} ${step_id}`)
  return [...pieces.values()].flatMap((attempts) => {
    const [first] = attempts
    if (first === undefined || first.outcome === 'solved') return []
    return {
      runId: first.run_id,
      stepId: first.step_id,
      first: first.tier,
      solvedBy: attempts.find(({ outcome }) => outcome === 'solved')?.tier ?? null,
      detail: first.detail,
    }
  })
}
