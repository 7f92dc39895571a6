import type { Clock, RunId } from '../../kernel/index.ts'
import { canonicalJson, digestOfValue } from '../../kernel/index.ts'
import type { Digest } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { getBlob } from '../../store/index.ts'
import type { Approvals } from '../approvals/index.ts'
import type { AuditLog, SigningKey, TenantScope } from '../audit/index.ts'
import { actsOfRun } from '../door/index.ts'
import { readMandate } from '../identity/index.ts'
import { evidenceBundleSchema } from './bundle.ts'
import type { EvidenceBundle, EvidenceParts } from './bundle.ts'
import { evidenceErrors } from './errors.ts'
import type { RunStory } from './run-story.ts'

export interface EvidenceSources {
  readonly database: Database
  readonly clock: Clock
  readonly audit: AuditLog
  readonly approvals: Approvals
  readonly key: SigningKey
  readonly story: (scope: TenantScope, runId: RunId) => Promise<RunStory>
  /** What the studio runs on: versions, isolation. */
  readonly environment: Readonly<Record<string, unknown>>
}

/**
 * Collects everything that explains a run, from the intent to the effect, and signs it.
 * @throws ATL_EVIDENCE_INCOMPLETE, ATL_MANDATE_MISSING, and the engine's error for an unknown run.
 */
export async function exportEvidence(
  sources: EvidenceSources,
  scope: TenantScope,
  runId: RunId,
): Promise<EvidenceBundle> {
  const { database, clock, audit, key } = sources
  const story = await sources.story(scope, runId)
  const proof = await audit.proofOfRun(scope, runId)
  const records = await database.transaction(scope, (tx) => collectRecords(sources, tx, scope, runId), {
    isolation: 'repeatable read',
  })
  const needed = [
    ...story.plans.map(({ digest }) => digest),
    ...story.steps.flatMap(({ outputDigest }) => outputDigest ?? []),
    ...records.acts.flatMap(({ inputBlob, outputDigest }) => [inputBlob ?? [], outputDigest ?? []].flat()),
  ]
  const blobs = await database.transaction(scope, (tx) => readBlobs(tx, scope, needed))
  const parts = plain({ ...story, ...records, audit: proof, environment: sources.environment, blobs })
  const manifest = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, digestOfValue(part)]),
  )
  const exportedAt = new Date(clock.now()).toISOString()
  const statement = {
    format: 'atelier-evidence/1',
    tenantId: scope.tenantId,
    runId,
    exportedAt,
    manifest,
  } as const
  const digest = digestOfValue(statement)
  const signature = { keyId: key.keyId, publicKey: key.publicKey, value: key.sign(digest) }
  return { ...statement, parts, digest, signature }
}

/** The values as they will be read from the file, so that their digests are those of the file. */
function plain(parts: Record<keyof EvidenceParts, unknown>): EvidenceParts {
  return evidenceBundleSchema.shape.parts.parse(JSON.parse(canonicalJson(parts)))
}

async function collectRecords(
  { approvals }: EvidenceSources,
  tx: Tx,
  { tenantId }: TenantScope,
  runId: RunId,
) {
  const { requester, projectId, repository = null } = await readMandate(tx, tenantId, runId)
  const decisions = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .orderBy('id')
    .execute()
  const entries = await tx
    .selectFrom('ledger_entries')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .orderBy('seq')
    .execute()
  return {
    mandate: { requester, projectId, repository },
    acts: await actsOfRun(tx, tenantId, runId),
    approvals: await approvals.ofRun(tx, tenantId, runId),
    decisions: decisions.map((row) => ({
      id: row.id,
      actKey: row.act_key,
      principalId: row.principal_id,
      action: row.action,
      resource: row.resource,
      request: row.request,
      decision: row.decision,
      policies: row.policies,
      policySet: row.policy_set,
      inputDigest: row.input_digest,
      errors: row.errors,
      decidedAt: row.decided_at,
    })),
    ledger: entries.map((row) => ({
      actKey: row.act_key,
      attempt: row.attempt,
      kind: row.kind,
      reason: row.reason,
      amounts: { money: row.money, tokens: row.tokens, toolCalls: row.tool_calls, seconds: row.seconds },
    })),
  }
}

async function readBlobs(
  tx: Tx,
  { tenantId }: TenantScope,
  digests: readonly Digest[],
): Promise<Record<string, string>> {
  const blobs: Record<string, string> = {}
  for (const digest of new Set(digests)) {
    const blob = await getBlob(tx, tenantId, digest)
    if (blob === undefined) throw evidenceErrors.INCOMPLETE({ detail: `there is no content for ${digest}` })
    blobs[digest] = Buffer.from(blob.content).toString()
  }
  return blobs
}
