import { sql } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { Database, Scope } from '../../store/index.ts'
import { httpErrors } from './errors.ts'

/** What a request did, as its key stands for it. */
export interface KeyedRequest {
  readonly caller: Caller
  readonly key: string
  readonly operation: string
  /** Everything that the answer depends on. */
  readonly asked: unknown
  readonly secretAnswer: boolean
}

export interface GivenAnswer {
  readonly status: number
  /** JSON text; null where nothing is sent. */
  readonly body: string | null
  /** It was given before. */
  readonly replayed?: boolean
}

/** Answers are kept for a day. */
const keptFor = sql<Date>`now() - interval '24 hours'`
/** A process that has not answered by then has died. */
const abandonedAt = sql<Date>`now() - interval '5 minutes'`

/**
 * Does `work` once for each key of a caller, and gives its answer again to whoever repeats the request. A request that
 * failed may be tried again with the same key.
 *
 * @throws ATL_API_KEY_REUSED, ATL_API_KEY_BUSY, ATL_API_KEY_SPENT, and what `work` throws.
 */
export async function oncePerKey(
  database: Database,
  request: KeyedRequest,
  work: () => Promise<GivenAnswer>,
): Promise<GivenAnswer> {
  const digest = digestOfValue({ operation: request.operation, asked: request.asked })
  const known = await claim(database, request, digest)
  if (known !== undefined) return { ...known, replayed: true }
  try {
    const answer = await work()
    await keep(database, request, answer)
    return answer
  } catch (error) {
    await forget(database, request)
    throw error
  }
}

/** The answer that was given before; undefined when the key is the caller's to answer now. */
async function claim(
  database: Database,
  { caller, key, operation, secretAnswer }: KeyedRequest,
  digest: string,
): Promise<GivenAnswer | undefined> {
  const { id: principalId, tenantId } = caller.principal
  return database.transaction(scopeOf(caller), async (tx) => {
    await tx
      .deleteFrom('idempotency_keys')
      .where('tenant_id', '=', tenantId)
      .where('created_at', '<', keptFor)
      .execute()
    const claimed = await tx
      .insertInto('idempotency_keys')
      .values({
        tenant_id: tenantId,
        principal_id: principalId,
        key,
        operation,
        request: digest,
        status: null,
        answer: null,
        locked_at: sql<Date>`now()`,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['tenant_id', 'principal_id', 'key'])
          .doUpdateSet({ locked_at: sql<Date>`now()` })
          .where('idempotency_keys.status', 'is', null)
          .where('idempotency_keys.request', '=', digest)
          .where('idempotency_keys.locked_at', '<', abandonedAt),
      )
      .returning('key')
      .executeTakeFirst()
    if (claimed !== undefined) return undefined
    const row = await tx
      .selectFrom('idempotency_keys')
      .select(['request', 'status', 'answer'])
      .where('tenant_id', '=', tenantId)
      .where('principal_id', '=', principalId)
      .where('key', '=', key)
      .executeTakeFirst()
    // Whoever had it failed just now, and has given it back.
    if (row === undefined) throw httpErrors.KEY_BUSY()
    if (row.request !== digest) throw httpErrors.KEY_REUSED()
    if (row.status === null) throw httpErrors.KEY_BUSY()
    if (secretAnswer) throw httpErrors.KEY_SPENT()
    return { status: row.status, body: row.answer }
  })
}

async function keep(
  database: Database,
  { caller, key, secretAnswer }: KeyedRequest,
  { status, body }: GivenAnswer,
): Promise<void> {
  await database.transaction(scopeOf(caller), (tx) =>
    tx
      .updateTable('idempotency_keys')
      .set({ status, answer: secretAnswer ? null : body })
      .where('tenant_id', '=', caller.principal.tenantId)
      .where('principal_id', '=', caller.principal.id)
      .where('key', '=', key)
      .execute(),
  )
}

async function forget(database: Database, { caller, key }: KeyedRequest): Promise<void> {
  await database.transaction(scopeOf(caller), (tx) =>
    tx
      .deleteFrom('idempotency_keys')
      .where('tenant_id', '=', caller.principal.tenantId)
      .where('principal_id', '=', caller.principal.id)
      .where('key', '=', key)
      .where('status', 'is', null)
      .execute(),
  )
}

function scopeOf({ principal }: Caller): Scope {
  return { kind: 'tenant', tenantId: principal.tenantId, principalId: principal.id }
}
