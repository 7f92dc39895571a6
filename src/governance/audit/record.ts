import type { Digest, PrincipalId, RunId, TenantId } from '../../kernel/index.ts'
import { canonicalJson, digestOf } from '../../kernel/index.ts'

/** What happened to what was attempted. */
export type AuditOutcome = 'allowed' | 'denied' | 'started' | 'succeeded' | 'failed'

/** One thing that somebody attempted. */
export interface AuditRecord {
  /** ISO 8601, UTC, by the studio's clock. The order of records is their sequence, not their time. */
  readonly time: string
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
  readonly onBehalfOf: PrincipalId | null
  /** The operating system account that the studio ran as; on one machine it is what vouches for every identity. */
  readonly osUid: number | null
  /** `tool:<name>` for acts, otherwise the action that policies were asked about. */
  readonly action: string
  /** `kind:id`. */
  readonly resource: string
  readonly outcome: AuditOutcome
  /** Ids of the policies that decided. */
  readonly policies: readonly string[]
  readonly policySet: Digest | null
  /** Digests of what the record is about, by name: `input`, `request`, `output`, `subject` … */
  readonly digests: Readonly<Record<string, Digest>>
  readonly runId: RunId | null
  readonly actKey: string | null
  /** Small particulars for people; never secrets, never large. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** A record in its place in the chain, as it is stored and exported. */
export interface StoredEntry {
  readonly seq: number
  /** Canonical JSON of `{ previous, record, seq }`; the exact bytes that were hashed. */
  readonly entry: string
  /** SHA-256 of `entry`. */
  readonly hash: string
}

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

/** What the first record of a tenant's chain follows: no record of another tenant can take its place. */
export function genesisHash(tenantId: TenantId): Digest {
  return digestOf(`atelier audit chain of ${tenantId}`)
}

/**
 * The record as the chain stores it. PostgreSQL cannot hold U+0000 or unpaired surrogates in its JSON types, so such
 * characters are replaced by U+FFFD before anything is hashed.
 */
export function serialiseRecord(record: AuditRecord): string {
  return canonicalJson(storable(record))
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD')
  if (Array.isArray(value)) return value.map(storable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storable(key), storable(member)]))
}

/** Puts a serialised record into the chain; the database does the same in `audit_append`. */
export function chainEntry(seq: number, previous: string, record: string): StoredEntry {
  const entry = `{"previous":${JSON.stringify(previous)},"record":${record},"seq":${seq}}`
  return { seq, entry, hash: digestOf(entry) }
}
