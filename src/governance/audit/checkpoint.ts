import { z } from 'zod'
import type { TenantId } from '../../kernel/index.ts'
import { canonicalJson } from '../../kernel/index.ts'
import type { SigningKey, TrustedKeys } from './signing-key.ts'
import type { ChainHead } from './record.ts'

/**
 * A signed statement of where a tenant's chain stood. The key lives outside of the database, so whoever can only write
 * to the database cannot rewrite what was signed without being found.
 */
export const checkpointSchema = z.object({
  tenantId: z.string(),
  seq: z.int().positive(),
  hash: z.string(),
  time: z.iso.datetime(),
  keyId: z.string(),
  /** Ed25519 (RFC 8032) over the canonical JSON of the other members, base64. */
  signature: z.string(),
})
export type Checkpoint = z.infer<typeof checkpointSchema>

export interface VerifiedCheckpoint extends Checkpoint {
  /** Signed by a trusted key, about this tenant. */
  readonly genuine: boolean
}

export function signCheckpoint(tenantId: TenantId, head: ChainHead, time: Date, key: SigningKey): Checkpoint {
  const statement = {
    tenantId,
    seq: head.seq,
    hash: head.hash,
    time: time.toISOString(),
    keyId: key.keyId,
  }
  return { ...statement, signature: key.sign(canonicalJson(statement)) }
}

/**
 * Checks signatures and drops repetitions. Where a forged and a genuine checkpoint claim the same record, the forged
 * one is reported under its own name and the genuine one goes on counting.
 */
export function verifyCheckpoints(
  tenantId: TenantId,
  checkpoints: readonly Checkpoint[],
  keys: TrustedKeys,
): readonly VerifiedCheckpoint[] {
  const verified = new Map<string, VerifiedCheckpoint>()
  for (const checkpoint of checkpoints) {
    const { signature, ...statement } = checkpoint
    const genuine =
      checkpoint.tenantId === tenantId && keys.verify(checkpoint.keyId, canonicalJson(statement), signature)
    verified.set(`${checkpoint.seq} ${checkpoint.hash} ${genuine}`, { ...checkpoint, genuine })
  }
  // The verifier keeps one checkpoint for each record, the last given: genuine ones go last.
  return [...verified.values()].sort((a, b) => Number(a.genuine) - Number(b.genuine) || a.seq - b.seq)
}
