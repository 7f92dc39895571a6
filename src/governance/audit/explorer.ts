import { sql } from 'kysely'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { auditErrors } from './errors.ts'
import type { AuditOutcome, AuditRecord } from './record.ts'

/** A record as people look at it, with its place in the chain. */
export interface PlacedRecord extends AuditRecord {
  readonly seq: number
  readonly hash: string
}

export interface AuditFilters {
  readonly principalId?: string
  readonly action?: string
  readonly runId?: string
  readonly outcome?: AuditOutcome
  readonly since?: Date
  readonly until?: Date
  /** Words that stand anywhere in the record. */
  readonly text?: string
}

export interface AuditPage {
  readonly items: readonly PlacedRecord[]
  /** Position of the next page; null at the end. A page may be short, or empty, and not be the last. */
  readonly next: number | null
}

/** Records that one page looks at, at most: what is rare is found over several pages instead of in a slow one. */
const looksAt = 20_000

/** As the condition of their index has it. What services and agents do is the most of a log, and has none. */
const people = sql.lit('person:%')

/** Whether the index finds all that is wanted and nothing else. */
function isOfPersonAlone({ principalId, action, outcome, text }: AuditFilters): boolean {
  const isPerson = principalId?.startsWith('person:') === true
  return isPerson && action === undefined && outcome === undefined && text === undefined
}

/** Newest first, before a position. */
export async function findRecords(
  tx: Tx,
  tenantId: TenantId,
  filters: AuditFilters,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<AuditPage> {
  const { principalId, action, runId, outcome, since, until, text } = filters
  const end = await lastSeq(tx, tenantId)
  const [first, last] = [
    since === undefined ? 1 : await seqAt(tx, tenantId, since, end),
    until === undefined ? end : (await seqAt(tx, tenantId, until, end)) - 1,
  ]
  const from = Math.min(last, (before ?? Number.MAX_SAFE_INTEGER) - 1)
  const isIndexed = runId !== undefined || isOfPersonAlone(filters)
  const to = isIndexed ? first : Math.max(first, from - looksAt + 1)
  let query = tx
    .selectFrom('audit_log')
    .select(['seq', 'hash', 'record'])
    .where('tenant_id', '=', tenantId)
    .where('seq', '<=', from)
    .where('seq', '>=', to)
  if (runId !== undefined) query = query.where('run_id', '=', runId)
  if (principalId !== undefined) query = query.where('principal_id', '=', principalId)
  if (isOfPersonAlone(filters)) query = query.where('principal_id', 'like', people)
  if (action !== undefined) query = query.where('action', '=', action)
  if (outcome !== undefined) query = query.where('outcome', '=', outcome)
  if (text !== undefined) query = query.where(sql<boolean>`position(lower(${text}) in lower(record)) > 0`)
  const rows = await query
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit).map(place)
  const reached = rows.length > limit ? (items.at(-1)?.seq ?? to) : to
  return { items, next: rows.length > limit || reached > first ? reached : null }
}

/** One record, and those right before and after it. @throws ATL_AUDIT_UNKNOWN_RECORD */
export async function findNeighbours(
  tx: Tx,
  tenantId: TenantId,
  seq: number,
  around: number,
): Promise<{
  readonly record: PlacedRecord
  readonly before: readonly PlacedRecord[]
  readonly after: readonly PlacedRecord[]
}> {
  const rows = await tx
    .selectFrom('audit_log')
    .select(['seq', 'hash', 'record'])
    .where('tenant_id', '=', tenantId)
    .where('seq', '>=', seq - around)
    .where('seq', '<=', seq + around)
    .orderBy('seq')
    .execute()
  const placed = rows.map(place)
  const record = placed.find((one) => one.seq === seq)
  if (record === undefined) throw auditErrors.UNKNOWN_RECORD({ detail: `${seq}` })
  return {
    record,
    before: placed.filter((one) => one.seq < seq),
    after: placed.filter((one) => one.seq > seq),
  }
}

function place({ seq, hash, record }: { seq: number; hash: string; record: string }): PlacedRecord {
  return { ...(JSON.parse(record) as AuditRecord), seq, hash }
}

async function lastSeq(tx: Tx, tenantId: TenantId): Promise<number> {
  const head = await tx
    .selectFrom('audit_heads')
    .select('seq')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  return head?.seq ?? 0
}

/**
 * The first record of that time or later, by bisection: records are in the order of their commits, which is that of
 * their times but for the milliseconds that a transaction takes.
 */
async function seqAt(tx: Tx, tenantId: TenantId, time: Date, end: number): Promise<number> {
  const wanted = time.toISOString()
  let [low, high] = [1, end + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = await tx
      .selectFrom('audit_log')
      .select(sql<string>`record::json ->> 'time'`.as('time'))
      .where('tenant_id', '=', tenantId)
      .where('seq', '=', middle)
      .executeTakeFirst()
    // A record that somebody removed is passed over; the chain check is there to say so.
    if (row === undefined || row.time < wanted) low = middle + 1
    else high = middle
  }
  return low
}
