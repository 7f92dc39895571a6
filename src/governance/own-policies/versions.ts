import { sql } from 'kysely'
import type { Digest, TenantId } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import type { OwnPolicyText } from '../policy/index.ts'
import type { Rehearsal } from './rehearsal.ts'
import type { OwnPolicyState, OwnPolicyRow } from './tables.ts'

/** One version of a policy of a tenant's own. */
export interface OwnPolicyVersion {
  readonly name: string
  readonly version: number
  readonly state: OwnPolicyState
  readonly text: string
  readonly tests: string
  readonly digest: Digest
  readonly authors: readonly string[]
  readonly rehearsal: Rehearsal | null
  readonly decidedBy: string | null
  readonly reason: string | null
  /** ISO 8601, as the others. */
  readonly createdAt: string
  readonly changedAt: string
  readonly decidedAt: string | null
}

export function viewVersion(row: OwnPolicyRow): OwnPolicyVersion {
  const { name, version, state, text, tests, authors, rehearsal, reason } = row
  return {
    name,
    version,
    state,
    text,
    tests,
    digest: row.digest as Digest,
    authors,
    rehearsal,
    decidedBy: row.decided_by,
    reason,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
  }
}

export function digestOfDraft(name: string, text: string, tests: string): Digest {
  return digestOfValue({ name, text, tests })
}

/** What of a tenant's own is in force, by name. */
export async function readForce(tx: Tx, tenantId: TenantId): Promise<readonly OwnPolicyVersion[]> {
  const rows = await tx
    .selectFrom('own_policy_versions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('state', '=', 'in-force')
    .orderBy('name')
    .execute()
  return rows.map(viewVersion)
}

/** Over everything that decides for the tenant: the shipped policies and its own that are in force. */
export function digestOfForce(
  shipped: Digest,
  own: readonly Pick<OwnPolicyVersion, 'name' | 'digest'>[],
): Digest {
  return digestOfValue({ shipped, own: own.map(({ name, digest }) => ({ name, digest })) })
}

/** What would be in force with this text in the place of the one of its name; an empty text takes it away. */
export function withText(
  own: readonly OwnPolicyText[],
  { name, text }: OwnPolicyText,
): readonly OwnPolicyText[] {
  const others = own.filter((one) => one.name !== name)
  return text.trim() === '' ? others : [...others, { name, text }]
}

export async function findDraft(tx: Tx, tenantId: TenantId, name: string): Promise<OwnPolicyRow | undefined> {
  return tx
    .selectFrom('own_policy_versions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .where('state', '=', 'draft')
    .executeTakeFirst()
}

/** Writers of one tenant's policies take turns from here to the end of the transaction. */
export async function lockPolicies(tx: Tx, tenantId: TenantId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`own-policies ${tenantId}`}, 0))`.execute(tx)
}
