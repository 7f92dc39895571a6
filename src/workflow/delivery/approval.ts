import { z } from 'zod'
import {
  type Finding,
  findingSchema,
  proposalSchema,
  upkeepVerdictSchema,
  verdictSchema,
  workItemSchema,
} from '../../contracts/index.ts'
import { planSchema } from '../../control/planning/index.ts'
import type { JsonObject } from '../../engine/index.ts'
import { workspaceSchema } from '../../execution/tools/index.ts'
import type { ApprovalRequest, ApprovalSubject } from '../../governance/approvals/index.ts'
import type { HandsOffContext } from '../../governance/policy/index.ts'
import { type Digest, digestOfValue } from '../../kernel/index.ts'

/** What both the step that asks and the step that publishes are given: the very things that are approved. */
const approvedPartsSchema = z.object({
  workItem: workItemSchema,
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
    findings: [...proposal.findings, ...review.findings, ...verdict.findings].length,
  }
}

const severities = ['none', 'info', 'low', 'medium', 'high', 'critical'] as const

/** Findings that say what the work is about. */
const expectedRules: Readonly<Record<string, readonly string[]>> = {
  'dependency-update': ['change/dependencies', 'change/lock-file'],
}

/** What policies decide by whether anybody has to be asked. */
export function handsOffFacts(parts: JsonObject): HandsOffContext {
  const { workItem, proposal, verdict, review } = approvedPartsSchema.parse(parts)
  const work = workItem.task.kind
  const findings: readonly Finding[] = [...proposal.findings, ...verdict.findings, ...review.findings]
  const ranks = findings
    .filter(({ rule }) => expectedRules[work]?.includes(rule) !== true)
    .map(({ severity }) => severities.indexOf(severity))
  return {
    work,
    named: workItem.taskReason === undefined,
    worstFinding: severities[Math.max(0, ...ranks)] ?? 'critical',
  }
}

/** The output of an approval step once people have decided, or a policy has for them. */
export function approvalOutput(request: ApprovalRequest): JsonObject | undefined {
  const decision = request.decisions.at(-1)
  if (request.status === 'pending') return undefined
  if (decision === undefined && (request.needed > 0 || request.status !== 'approved')) return undefined
  const { principalId, reason, decidedAt } = decision ?? {
    principalId: 'policy',
    reason: request.statusReason ?? '',
    decidedAt: request.requestedAt,
  }
  return {
    decision: request.status === 'approved' ? 'approved' : 'rejected',
    by: principalId,
    reason,
    decidedAt: decidedAt.toISOString(),
    requestId: request.id,
    evidence: request.subject.evidence,
  }
}
