import { z } from 'zod'
import type { TenantId } from '../../kernel/index.ts'
import { digestOf, digestOfValue } from '../../kernel/index.ts'
import { digestOfSubject } from '../approvals/index.ts'
import type { ApprovalSubject } from '../approvals/index.ts'
import { ChainVerifier, trustedKeys, verifyCheckpoints } from '../audit/index.ts'
import type { TrustedKeys } from '../audit/index.ts'
import { evidenceBundleSchema } from './bundle.ts'
import type { EvidenceBundle } from './bundle.ts'

export interface EvidenceReport {
  readonly ok: boolean
  /** How many statements of the bundle were checked. */
  readonly checked: number
  /** What does not match, for people. */
  readonly problems: readonly string[]
}

/**
 * Verifies an evidence bundle with nothing but the bundle: digests, signature, the audit chain up to its signed
 * checkpoint, and that acts, decisions, approvals, costs and audit records tell the same story. Without `keys` the
 * key named in the bundle is believed, which shows accidents but not a forger who signs with a key of their own.
 */
export function verifyEvidence(bundle: unknown, keys?: TrustedKeys): EvidenceReport {
  const parsed = evidenceBundleSchema.safeParse(bundle)
  if (!parsed.success) {
    const problem = `this is no evidence bundle: ${z.prettifyError(parsed.error).slice(0, 500)}`
    return { ok: false, checked: 1, problems: [problem] }
  }
  const findings = new Findings()
  const trusted = keys ?? trustedKeys([parsed.data.signature.publicKey])
  verifyEnvelope(parsed.data, bundle, trusted, findings)
  verifyBlobs(parsed.data, findings)
  const audited = verifyAudit(parsed.data, trusted, findings)
  verifyDecisions(parsed.data, findings)
  verifyActs(parsed.data, audited, findings)
  verifyApprovals(parsed.data, findings)
  verifyCosts(parsed.data, findings)
  return { ok: findings.problems.length === 0, checked: findings.checked, problems: findings.problems }
}

class Findings {
  checked = 0
  readonly problems: string[] = []

  expect(holds: boolean, problem: string): void {
    this.checked += 1
    if (!holds) this.problems.push(problem)
  }
}

/** Digests are taken of the parts as they stand in the file, members that nobody knows included. */
function verifyEnvelope(
  { format, tenantId, runId, exportedAt, manifest, digest, signature }: EvidenceBundle,
  raw: unknown,
  keys: TrustedKeys,
  findings: Findings,
): void {
  const { parts } = z.object({ parts: z.record(z.string(), z.unknown()) }).parse(raw)
  for (const name of new Set([...Object.keys(parts), ...Object.keys(manifest)])) {
    findings.expect(digestOfValue(parts[name]) === manifest[name], `part ${name} is not what was exported`)
  }
  const statement = { format, tenantId, runId, exportedAt, manifest }
  findings.expect(digestOfValue(statement) === digest, 'the manifest is not the one that was signed')
  findings.expect(
    keys.verify(signature.keyId, digest, signature.value),
    'the bundle is not signed by a trusted key',
  )
}

function verifyBlobs({ parts }: EvidenceBundle, findings: Findings): void {
  for (const [digest, content] of Object.entries(parts.blobs)) {
    findings.expect(digestOf(content) === digest, `the content of ${digest} is another`)
  }
  const has = (digest: string | null, owner: string): void => {
    if (digest !== null) findings.expect(digest in parts.blobs, `${owner} is missing`)
  }
  for (const plan of parts.plans) has(plan.digest, `version ${plan.version} of the plan`)
  for (const step of parts.steps) has(step.outputDigest, `the output of step ${step.stepId}`)
  for (const act of parts.acts) {
    has(act.inputBlob, `the input of act ${act.key}`)
    has(act.outputDigest, `the output of act ${act.key}`)
  }
}

const recordSchema = z.object({
  actKey: z.string().nullable(),
  runId: z.string().nullable(),
  outcome: z.string(),
  principalId: z.string(),
  policySet: z.string().nullable(),
  digests: z.record(z.string(), z.string()),
})
type AuditedRecord = z.infer<typeof recordSchema>

function verifyAudit(
  { tenantId, runId, parts }: EvidenceBundle,
  keys: TrustedKeys,
  findings: Findings,
): readonly AuditedRecord[] {
  const tenant = tenantId as TenantId
  const { start, links, checkpoints } = parts.audit
  const verifier = new ChainVerifier(tenant, verifyCheckpoints(tenant, checkpoints, keys), start)
  for (const link of links) verifier.add(link)
  const report = verifier.finish()
  findings.expect(report.ok, `the audit chain does not verify`)
  for (const { message } of report.problems) findings.problems.push(`audit: ${message}`)
  const last = Math.max(0, ...links.flatMap(({ seq, record }) => (record === null ? [] : [seq])))
  findings.expect(report.signedThrough >= last, `no signed checkpoint covers audit record ${last}`)
  const records = links.flatMap(({ seq, record }) => {
    if (record === null) return []
    const known = readRecord(record)
    if (known === undefined) findings.problems.push(`audit: record ${seq} cannot be read`)
    return known ?? []
  })
  findings.expect(
    records.every((record) => record.runId === runId),
    'audit records of another run are among those of this one',
  )
  return records
}

function readRecord(record: string): AuditedRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(record)).data
  } catch {
    return undefined
  }
}

function verifyDecisions({ parts }: EvidenceBundle, findings: Findings): void {
  for (const decision of parts.decisions) {
    findings.expect(
      digestOfValue(decision.request) === decision.inputDigest,
      `decision ${decision.id} was made about another request`,
    )
  }
}

function isExternal({ effect }: EvidenceBundle['parts']['acts'][number]): boolean {
  return effect === 'external-reversible' || effect === 'external-irreversible'
}

/** I1: nothing was performed without a decision that allows it and an audit record that says the same. */
function verifyActs({ parts }: EvidenceBundle, audited: readonly AuditedRecord[], findings: Findings): void {
  const decisions = new Map(parts.decisions.map((decision) => [decision.id, decision]))
  const known = new Set(parts.acts.map(({ key }) => key))
  for (const { actKey } of audited) {
    if (actKey !== null) findings.expect(known.has(actKey), `act ${actKey} was audited but is not recorded`)
  }
  for (const act of parts.acts) {
    const records = audited.filter(({ actKey }) => actKey === act.key)
    if (act.state === 'succeeded') {
      const allowed = parts.decisions.some(
        ({ actKey, decision }) => actKey === act.key && decision === 'allow',
      )
      findings.expect(allowed, `act ${act.key} succeeded without a decision that allows it`)
      findings.expect(
        records.some(
          ({ outcome, digests }) => outcome === 'succeeded' && digests['output'] === act.outputDigest,
        ),
        `act ${act.key} succeeded, but the audit log does not say so about this output`,
      )
    }
    if (act.decisionId !== null) {
      findings.expect(
        decisions.get(act.decisionId)?.actKey === act.key,
        `decision ${act.decisionId} of act ${act.key} is missing`,
      )
    }
    if (isExternal(act) && act.attempt > 0) {
      findings.expect(
        records.some(({ outcome }) => outcome === 'started'),
        `effect ${act.key} was begun without an audit record`,
      )
    }
  }
}

/** I2 and I3: every effect had an approval of enough people, none an author, bound to digests that still hold. */
function verifyApprovals({ parts }: EvidenceBundle, findings: Findings): void {
  const authors = new Set([
    parts.mandate.requester,
    ...parts.acts
      .filter(({ attempt }) => attempt > 0)
      .flatMap(({ principalId, onBehalfOf }) => [principalId, onBehalfOf ?? principalId]),
  ])
  for (const { id, subject, subjectDigest } of parts.approvals) {
    findings.expect(
      digestOfSubject(subject as ApprovalSubject) === subjectDigest,
      `the subject of approval ${id} does not fit its digest`,
    )
  }
  for (const act of parts.acts.filter((act) => isExternal(act) && act.state === 'succeeded')) {
    const approval = parts.approvals.find(({ id }) => id === act.approvalId)
    if (approval === undefined) {
      findings.expect(false, `effect ${act.key} has no approval`)
      continue
    }
    const approvers = approval.decisions.filter(({ verdict }) => verdict === 'approved')
    findings.expect(
      approvers.length >= approval.needed,
      `effect ${act.key}: ${approvers.length} of ${approval.needed} people approved`,
    )
    for (const { principalId } of approvers) {
      findings.expect(!authors.has(principalId), `effect ${act.key}: ${principalId} approved their own work`)
    }
    const decision = parts.decisions.findLast(
      ({ actKey, decision }) => actKey === act.key && decision === 'allow',
    )
    findings.expect(
      decision?.policySet === approval.subject.policySet,
      `effect ${act.key}: the policies are not those under which it was approved`,
    )
    const input = act.inputBlob === null ? undefined : parts.blobs[act.inputBlob]
    findings.expect(
      input?.includes(JSON.stringify(approval.subject.tree)) === true,
      `effect ${act.key} is not about tree ${approval.subject.tree}, which was approved`,
    )
  }
}

/** I5: what acts say they cost is what the ledger settled, and nothing is settled that was not reserved. */
function verifyCosts({ parts }: EvidenceBundle, findings: Findings): void {
  const reserved = new Set(
    parts.ledger
      .filter(({ kind }) => kind === 'reserve')
      .map(({ actKey, attempt }) => `${actKey} ${attempt}`),
  )
  const settled = parts.ledger.filter(({ kind }) => kind === 'settle')
  for (const { actKey, attempt } of settled) {
    findings.expect(
      reserved.has(`${actKey} ${attempt}`),
      `attempt ${attempt} of act ${actKey} was settled but never reserved`,
    )
  }
  for (const { key, cost, state } of parts.acts) {
    if (state === 'performing') continue
    const mine = settled.filter(({ actKey, reason }) => actKey === key && reason !== 'abandoned')
    const sum = (unit: keyof typeof cost): number =>
      mine.reduce((total, { amounts }) => total + amounts[unit], 0)
    const same = (['money', 'tokens', 'toolCalls', 'seconds'] as const).every(
      (unit) => sum(unit) === cost[unit],
    )
    findings.expect(same, `act ${key} says it cost something else than the ledger settled`)
  }
}
