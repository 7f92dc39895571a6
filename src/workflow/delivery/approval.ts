import { z } from 'zod'
import { changeSchema, findingSchema, verdictSchema } from '../../contracts/index.ts'
import { planSchema } from '../../control/planning/index.ts'
import type { JsonObject } from '../../engine/index.ts'
import { workspaceSchema } from '../../execution/tools/index.ts'
import type { ApprovalRequest, ApprovalSubject } from '../../governance/approvals/index.ts'
import { type Digest, digestOfValue } from '../../kernel/index.ts'

/** What both the step that asks and the step that publishes are given: the very things that are approved. */
const approvedPartsSchema = z.object({
  workspace: workspaceSchema,
  plan: planSchema,
  repair: z.object({
    tree: z.string(),
    change: changeSchema,
    confidence: z.number(),
    explanation: z.string(),
  }),
  verdict: verdictSchema,
  review: z.object({ findings: z.array(findingSchema) }),
})

/**
 * The digests that an approval binds to (I2). They are computed anew when the effect is due: had anything changed, nobody
 * was asked about it.
 */
export function approvalSubject(parts: JsonObject, policySet: Digest): ApprovalSubject {
  const { workspace, plan, repair, verdict, review } = approvedPartsSchema.parse(parts)
  return {
    plan: plan.digest as Digest,
    tree: repair.tree,
    policySet,
    evidence: digestOfValue({ base: workspace.base, repair, verdict, review }),
  }
}

/** What people are asked, for the record. */
export function approvalQuestion(parts: JsonObject): Readonly<Record<string, unknown>> {
  const { workspace, repair, verdict, review } = approvedPartsSchema.parse(parts)
  return {
    repository: workspace.location,
    baseCommit: workspace.base.commit,
    tree: repair.tree,
    patch: repair.change.patch,
    explanation: repair.explanation,
    confidence: repair.confidence,
    fixed: verdict.fixed,
    findings: review.findings.length + verdict.findings.length,
  }
}

/** The output of an approval step once people have decided. */
export function approvalOutput(request: ApprovalRequest): JsonObject | undefined {
  const decision = request.decisions.at(-1)
  if (decision === undefined || request.status === 'pending') return undefined
  return {
    decision: request.status === 'approved' ? 'approved' : 'rejected',
    by: decision.principalId,
    reason: decision.reason,
    decidedAt: decision.decidedAt.toISOString(),
    requestId: request.id,
    evidence: request.subject.evidence,
  }
}
