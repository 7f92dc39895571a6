import type { Digest, PrincipalId, RunId, TenantId } from '../../kernel/index.ts'
import { canonicalJson, digestOf, mapStrings } from '../../kernel/index.ts'

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

/**
 * A link of the chain, as it is stored and exported. It holds the record's digest and not the record, so that a part
 * of the chain can be proven to somebody who may not read what lies between.
 */
export interface StoredEntry {
  readonly seq: number
  /** Canonical JSON of `{ previous, record, seq }`: hash of the link before, digest of the record. */
  readonly entry: string
  /** SHA-256 of `entry`. */
  readonly hash: string
  /** Canonical JSON of the {@link AuditRecord}; null where the reader may not see it. */
  readonly record: string | null
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

/** The record as the chain stores it. */
export function serialiseRecord(record: AuditRecord): string {
  const text = canonicalJson(record)
  return unstorable.test(text) ? canonicalJson(storable(record)) : text
}

/** How JSON writes what PostgreSQL cannot hold; a backslash of the text itself may look the same. */
const unstorable = /\\u(?:0000|d[89a-f])/

/**
 * The value as PostgreSQL can hold it: its JSON types know neither U+0000 nor unpaired surrogates, which are replaced
 * by U+FFFD.
 */
export function storable(value: unknown): unknown {
  return mapStrings(value, (text) => text.toWellFormed().replaceAll('\0', '\uFFFD'))
}

/** Puts a serialised record into the chain; the database does the same in `audit_append`. */
export function chainEntry(seq: number, previous: string, record: string): StoredEntry {
  const entry = canonicalJson({ previous, record: digestOf(record), seq })
  return { seq, entry, hash: digestOf(entry), record }
}
