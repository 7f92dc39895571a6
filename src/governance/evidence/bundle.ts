import { z } from 'zod'
import { checkpointSchema } from '../audit/index.ts'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const time = z.string()
const json = z.unknown()
const cost = z.object({ money: z.number(), tokens: z.number(), toolCalls: z.number(), seconds: z.number() })

const planSchema = z.object({ version: z.number(), digest, reason: z.string() })

const stepSchema = z.looseObject({ stepId: z.string(), outputDigest: digest.nullable() })

const actSchema = z.object({
  key: z.string(),
  runId: z.string(),
  stepId: z.string(),
  tool: z.string(),
  effect: z.enum(['read', 'workspace', 'external-reversible', 'external-irreversible']),
  principalId: z.string(),
  onBehalfOf: z.string().nullable(),
  resource: z.string(),
  state: z.enum(['refused', 'performing', 'succeeded', 'failed']),
  attempt: z.number(),
  inputDigest: digest,
  inputBlob: digest.nullable(),
  outputDigest: digest.nullable(),
  error: json,
  decisionId: z.number().nullable(),
  approvalId: z.string().nullable(),
  redactions: z.array(z.string()),
  recovered: z.boolean(),
  cost,
  traceId: z.string(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
})

const decisionSchema = z.object({
  id: z.number(),
  actKey: z.string().nullable(),
  principalId: z.string(),
  action: z.string(),
  resource: z.string(),
  request: json,
  decision: z.enum(['allow', 'deny']),
  policies: z.array(z.string()),
  policySet: digest,
  inputDigest: digest,
  errors: z.array(z.string()),
  decidedAt: time,
})

const approvalSchema = z.object({
  id: z.string(),
  stepId: z.string(),
  subject: z.object({ plan: digest, tree: z.string(), policySet: digest, evidence: digest }),
  subjectDigest: digest,
  question: json,
  needed: z.number(),
  requestedBy: z.string(),
  status: z.string(),
  statusReason: z.string().nullable(),
  requestedAt: time,
  expiresAt: time,
  decisions: z.array(
    z.object({ principalId: z.string(), verdict: z.string(), reason: z.string(), decidedAt: time }),
  ),
})

const ledgerEntrySchema = z.object({
  actKey: z.string(),
  attempt: z.number(),
  kind: z.enum(['reserve', 'settle']),
  reason: z.string().nullable(),
  amounts: cost,
})

const proofSchema = z.object({
  start: z.object({ seq: z.number(), hash: z.string() }),
  links: z.array(
    z.object({ seq: z.number(), entry: z.string(), hash: z.string(), record: z.string().nullable() }),
  ),
  checkpoints: z.array(checkpointSchema),
  publicKey: z.string(),
})

/** The parts of the evidence, each with a digest of its own in the manifest. */
const partsSchema = z.object({
  /** What the engine recorded of the run: its record, every version of its plan, its steps, its events. */
  run: json,
  plans: z.array(planSchema),
  steps: z.array(stepSchema),
  events: z.array(json),
  /** For whom the run acted. */
  mandate: z.object({ requester: z.string(), projectId: z.string(), repository: z.string().nullable() }),
  acts: z.array(actSchema),
  decisions: z.array(decisionSchema),
  approvals: z.array(approvalSchema),
  ledger: z.array(ledgerEntrySchema),
  /** The run's audit records, linked to a signed checkpoint. */
  audit: proofSchema,
  /** Versions and isolation: what the run ran on. */
  environment: json,
  /** Inputs and outputs by digest. */
  blobs: z.record(z.string(), z.string()),
})

/** Everything that explains a run, in one document that verifies without the studio. */
export const evidenceBundleSchema = z.object({
  format: z.literal('atelier-evidence/1'),
  tenantId: z.string(),
  runId: z.string(),
  exportedAt: time,
  parts: partsSchema,
  /** Digest of each part's canonical JSON. */
  manifest: z.record(z.string(), digest),
  /** Of format, tenant, run, time and manifest. */
  digest,
  signature: z.object({ keyId: z.string(), publicKey: z.string(), value: z.string() }),
})

export type EvidenceBundle = z.infer<typeof evidenceBundleSchema>
export type EvidenceParts = z.infer<typeof partsSchema>
