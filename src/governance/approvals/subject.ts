import type { Digest, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'

/** Exactly what is approved. If any member changes, the approval is void. */
export interface ApprovalSubject {
  /** Of the plan that the run follows. */
  readonly plan: Digest
  /** Git tree that would be published. */
  readonly tree: string
  /** Of the policies in force. */
  readonly policySet: Digest
  /** Of the evidence that was there when people were asked. */
  readonly evidence: Digest
}

export type ApprovalVerdict = 'approved' | 'rejected' | 'changes-requested'

export type ApprovalStatus = 'pending' | ApprovalVerdict | 'void' | 'expired'

interface ApprovalDecision {
  readonly principalId: PrincipalId
  readonly verdict: ApprovalVerdict
  readonly reason: string
  readonly decidedAt: Date
}

export interface ApprovalRequest {
  readonly id: string
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly projectId: ProjectId
  readonly stepId: string
  readonly subject: ApprovalSubject
  readonly subjectDigest: Digest
  readonly question: Readonly<Record<string, unknown>>
  readonly needed: number
  readonly requestedBy: PrincipalId
  readonly status: ApprovalStatus
  /** Why it is void or expired, or the reason given with the last decision. */
  readonly statusReason: string | null
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly decisions: readonly ApprovalDecision[]
}

export function digestOfSubject({ plan, tree, policySet, evidence }: ApprovalSubject): Digest {
  return digestOfValue({ plan, tree, policySet, evidence })
}

/** Says which members differ, for people; undefined when none does. Members that `current` leaves out are not compared. */
export function describeChange(
  subject: ApprovalSubject,
  current: Partial<ApprovalSubject>,
): string | undefined {
  const names = { plan: 'the plan', tree: 'the change', policySet: 'the policies', evidence: 'the evidence' }
  const changed = (Object.keys(names) as (keyof ApprovalSubject)[])
    .filter((member) => current[member] !== undefined && current[member] !== subject[member])
    .map((member) => names[member])
  return changed.length === 0 ? undefined : `${changed.join(' and ')} changed after approval was asked for`
}
