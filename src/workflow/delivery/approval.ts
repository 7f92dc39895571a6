import { z } from 'zod'
import { findingSchema, proposalSchema, upkeepVerdictSchema, verdictSchema } from '../../contracts/index.ts'
import { planSchema } from '../../control/planning/index.ts'
import type { JsonObject } from '../../engine/index.ts'
import { workspaceSchema } from '../../execution/tools/index.ts'
import type { ApprovalRequest, ApprovalSubject } from '../../governance/approvals/index.ts'
import { type Digest, digestOfValue } from '../../kernel/index.ts'

/** What both the step that asks and the step that publishes are given: the very things that are approved. */
const approvedPartsSchema = z.object({
  workspace: workspaceSchema,
  plan: planSchema,
  proposal: proposalSchema,
  verdict: verdictSchema,
  /** What the kind of work verified by itself, where it does. */
  check: upkeepVerdictSchema.optional(),
  review: z.object({ findings: z.array(findingSchema) }),
})

/**
 * The digests that an approval binds to (I2). They are computed anew when the effect is due: had anything changed, nobody
 * was asked about it.
 */
export function approvalSubject(parts: JsonObject, policySet: Digest): ApprovalSubject {
  const { workspace, plan, proposal, verdict, check, review } = approvedPartsSchema.parse(parts)
  return {
    plan: plan.digest as Digest,
    tree: proposal.tree,
    policySet,
    evidence: digestOfValue({
      base: workspace.base,
      proposal,
      verdict,
      review,
      ...(check === undefined ? {} : { check }),
    }),
  }
}

/** What people are asked, for the record. */
export function approvalQuestion(parts: JsonObject): Readonly<Record<string, unknown>> {
  const { workspace, proposal, verdict, check, review } = approvedPartsSchema.parse(parts)
  return {
    repository: workspace.location,
    baseCommit: workspace.base.commit,
    tree: proposal.tree,
    patch: proposal.change.patch,
    explanation: proposal.explanation,
    ...(proposal.confidence === undefined ? {} : { confidence: proposal.confidence }),
    fixed: verdict.fixed,
    ...(check === undefined ? {} : { checks: check.checks }),
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
