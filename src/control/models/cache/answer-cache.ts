import { sql } from 'kysely'
import type { ModelRequest, ModelResponse } from '../../../contracts/index.ts'
import { digestOfValue } from '../../../kernel/index.ts'
import type { TenantId } from '../../../kernel/index.ts'
import type { Database, Scope } from '../../../store/index.ts'
import type { CallPlan } from '../calls/plan.ts'

/** Answers of one tenant at most; the oldest go first. */
const mostAnswers = 10_000
/** Every so many answers kept, those too many and too old are removed. */
const tidyEvery = 64

/** Answers to questions that were asked before, word by word. No tenant sees another's. */
export class AnswerCache {
  readonly #database: Database
  #kept = 0

  constructor(database: Database) {
    this.#database = database
  }

  /** Under what the answer is kept; undefined where the route wants none kept. */
  keyOf({ route, chain: [{ model, maxOutput }] }: CallPlan, request: ModelRequest): string | undefined {
    const deterministic = request.temperature === 0
    if (route.cache === 'never' || (route.cache === 'deterministic' && !deterministic)) return undefined
    return digestOfValue({ ...request, model: [model.id, model.name, model.upstream.id], maxOutput })
  }

  async find(scope: TenantOf, key: string): Promise<ModelResponse | undefined> {
    const row = await this.#database.transaction(scope, (tx) =>
      tx
        .selectFrom('model_answers')
        .select('response')
        .where('tenant_id', '=', scope.tenantId)
        .where('key', '=', key)
        .where('expires_at', '>', sql<Date>`now()`)
        .executeTakeFirst(),
    )
    return row?.response
  }

  /** Keeps an answer that came to its end. */
  async keep(scope: TenantOf, key: string, response: ModelResponse, ms: number): Promise<void> {
    if (response.finish !== 'stop' && response.finish !== 'tool-calls') return
    this.#kept += 1
    await this.#database.transaction(scope, async (tx) => {
      const entry = {
        response: JSON.stringify(response),
        expires_at: sql<Date>`now() + ${Math.ceil(ms)} * interval '1 millisecond'`,
      }
      await tx
        .insertInto('model_answers')
        .values({ tenant_id: scope.tenantId, key, ...entry })
        .onConflict((conflict) => conflict.columns(['tenant_id', 'key']).doUpdateSet(entry))
        .execute()
      if (this.#kept % tidyEvery !== 1) return
      await sql`
        delete from model_answers where tenant_id = ${scope.tenantId} and (expires_at < now() or key in (
          select key from model_answers where tenant_id = ${scope.tenantId}
          order by created_at desc offset ${mostAnswers}))`.execute(tx)
    })
  }
}

type TenantOf = Extract<Scope, { kind: 'tenant' }> & { readonly tenantId: TenantId }

/** An answer from the cache, as it is answered now: nobody was asked, and nothing is paid. */
export function fromCache(response: ModelResponse, route: string): ModelResponse {
  return {
    ...response,
    cost: 0,
    provenance: { ...response.provenance, route, failedBefore: [], cached: true },
  }
}
