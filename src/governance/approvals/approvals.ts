import type { Principal } from '../../contracts/index.ts'
import type { AtelierError, Clock, PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { createId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import type { AuditEntry, AuditLog } from '../audit/index.ts'
import { storable, tenantScope } from '../audit/index.ts'
import { authenticate, readMandate } from '../identity/index.ts'
import { recordDecision } from '../policy/index.ts'
import type { HandsOffContext, PolicyDecision, PolicyEngine, PolicyRequest } from '../policy/index.ts'
import { lockRequest, requestsOfRuns, requestsWithIds, setStatus } from './approval-records.ts'
import { approvalErrors } from './errors.ts'
import { authorLineage } from './lineage.ts'
import { describeChange, digestOfSubject } from './subject.ts'
import type { ApprovalRequest, ApprovalSubject, ApprovalVerdict } from './subject.ts'

interface AskForApproval {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  /** Who asks: by the shipped policies, the studio's service alone. */
  readonly requester: Principal
  readonly subject: ApprovalSubject
  /** What people are asked, for the record: never secrets. */
  readonly question: Readonly<Record<string, unknown>>
  /** How many different people have to approve; one when absent. */
  readonly needed?: number
  /** What policies decide by whether anybody has to be asked at all; people are asked when absent. */
  readonly handsOff?: HandsOffContext
  /** An approval counts until then, and nobody can decide any more afterwards. */
  readonly expiresInMs: number
}

export interface DecideApproval {
  readonly tenantId: TenantId
  readonly requestId: string
  readonly principal: Principal
  readonly verdict: ApprovalVerdict
  readonly reason: string
  /** Digest of the subject that the person was shown; whatever is pending when absent. */
  readonly subjectDigest?: string
  /** What is true now, as far as the caller knows; policies are compared in any case. */
  readonly current?: Partial<ApprovalSubject>
  /** Done in the transaction of the decision, once it counts. */
  readonly alongside?: (tx: Tx) => Promise<void>
}

export type ApprovalState =
  | { readonly approved: true; readonly requestId: string; readonly approvers: readonly PrincipalId[] }
  | { readonly approved: false; readonly reason: string }

export interface Approvals {
  /**
   * Asks people to decide about a subject, unless a policy permits it without, and makes a pending request of the same
   * step about another subject void.
   * Asking again for the same subject answers the request that is there.
   * @throws ATL_APPROVAL_FORBIDDEN, ATL_APPROVAL_INVALID, and errors of IDENTITY and MANDATE.
   */
  request(tx: Tx, ask: AskForApproval): Promise<ApprovalRequest>
  /**
   * Records a person's decision, in a transaction of its own so that a refused attempt is recorded as well. Of two
   * people who decide at once, the first wins.
   * @throws ATL_APPROVAL_NOT_FOUND, ATL_APPROVAL_CONFLICT, ATL_APPROVAL_REPEATED, ATL_APPROVAL_EXPIRED,
   * ATL_APPROVAL_VOID, ATL_APPROVAL_SUBJECT_CHANGED, ATL_APPROVAL_OWN_WORK, ATL_APPROVAL_FORBIDDEN.
   */
  decide(decision: DecideApproval): Promise<ApprovalRequest>
  /**
   * Whether exactly this subject is approved in this run, now: by enough people, none of them an author by now, not
   * expired, under the policies in force. An approval found to hold no more is made void.
   */
  isApproved(tx: Tx, tenantId: TenantId, runId: RunId, subject: ApprovalSubject): Promise<ApprovalState>
  /** Makes every request of the run void that is about something else than what is true now. */
  voidChanged(tx: Tx, tenantId: TenantId, runId: RunId, current: Partial<ApprovalSubject>): Promise<void>
  ofRun(tx: Tx, tenantId: TenantId, runId: RunId): Promise<readonly ApprovalRequest[]>
  /** Of several runs, oldest first. */
  ofRuns(tx: Tx, tenantId: TenantId, runIds: readonly RunId[]): Promise<readonly ApprovalRequest[]>
  /** Those of the requests that there are, in no order. */
  withIds(tx: Tx, tenantId: TenantId, ids: readonly string[]): Promise<readonly ApprovalRequest[]>
}

export interface ApprovalsOptions {
  readonly database: Database
  readonly policy: PolicyEngine
  readonly audit: AuditLog
  readonly clock: Clock
}

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { database, policy, clock } = options
  return {
    request: (tx, ask) => requestApproval(options, tx, ask),
    decide: async (decision) => {
      const scope = tenantScope(decision.tenantId, decision.principal.id)
      const { request, refusal } = await database.transaction(scope, (tx) => decide(options, tx, decision))
      if (refusal !== undefined) throw refusal
      return request
    },
    isApproved: async (tx, tenantId, runId, subject) => {
      const wanted = digestOfSubject(subject)
      const requests = await requestsOfRuns(tx, tenantId, [runId])
      const request = requests.findLast(({ subjectDigest }) => subjectDigest === wanted)
      if (request === undefined) return { approved: false, reason: 'nobody was asked about exactly this' }
      if (request.status !== 'approved') {
        return { approved: false, reason: `the request is ${request.status}: ${request.statusReason ?? ''}` }
      }
      const now = new Date(clock.now())
      const flaw = await flawOf(tx, request, policy, now)
      if (flaw === undefined)
        return { approved: true, requestId: request.id, approvers: approversOf(request) }
      await setStatus(tx, request, 'void', flaw, now)
      return { approved: false, reason: flaw }
    },
    voidChanged: async (tx, tenantId, runId, current) => {
      for (const request of await requestsOfRuns(tx, tenantId, [runId])) {
        if (request.status !== 'pending' && request.status !== 'approved') continue
        const change = describeChange(request.subject, {
          policySet: policy.of(tenantId).digest,
          ...current,
        })
        if (change !== undefined) await setStatus(tx, request, 'void', change, new Date(clock.now()))
      }
    },
    ofRun: (tx, tenantId, runId) => requestsOfRuns(tx, tenantId, [runId]),
    ofRuns: requestsOfRuns,
    withIds: requestsWithIds,
  }
}

async function requestApproval(
  { policy, audit, clock }: ApprovalsOptions,
  tx: Tx,
  ask: AskForApproval,
): Promise<ApprovalRequest> {
  const { tenantId, projectId, runId, stepId, subject, needed = 1, expiresInMs } = ask
  if (!Number.isSafeInteger(needed) || needed < 1 || !(expiresInMs > 0)) {
    throw approvalErrors.INVALID({ detail: `${needed} approvers within ${expiresInMs} ms` })
  }
  const subjectDigest = digestOfSubject(subject)
  const existing = (await requestsOfRuns(tx, tenantId, [runId])).filter(
    (request) => request.stepId === stepId,
  )
  const same = existing.findLast((request) => request.subjectDigest === subjectDigest)
  const now = new Date(clock.now())
  if (same !== undefined && same.status !== 'void' && !(same.status === 'expired' || same.expiresAt <= now)) {
    return same
  }
  const requester = await authenticate(tx, tenantId, ask.requester)
  const mandate = await readMandate(tx, tenantId, runId)
  const resource = { kind: 'run', tenantId, runId, projectId, requester: mandate.requester } as const
  const asking: PolicyRequest = { principal: requester, action: 'request-approval', resource }
  const decision = policy.decide(asking)
  if (decision.decision === 'deny')
    throw approvalErrors.FORBIDDEN({ detail: `${requester.id} asks for approval` })
  for (const request of existing.filter(({ status }) => status === 'pending')) {
    const reason = describeChange(request.subject, subject) ?? 'it expired before anybody decided'
    await setStatus(tx, request, 'void', reason, now)
  }
  const handsOff: PolicyRequest | undefined = ask.handsOff && {
    principal: requester,
    action: 'go-hands-off',
    resource,
    context: ask.handsOff,
  }
  const standing = handsOff && policy.decide(handsOff)
  const permitted = standing?.decision === 'allow'
  const about = { runId, actKey: null, time: now }
  await recordDecision(tx, asking, decision, about)
  if (handsOff !== undefined && standing !== undefined) await recordDecision(tx, handsOff, standing, about)
  const id = createId('apr', clock.now())
  await tx
    .insertInto('approval_requests')
    .values({
      tenant_id: tenantId,
      id,
      run_id: runId,
      project_id: projectId,
      step_id: stepId,
      subject: JSON.stringify(subject),
      subject_digest: subjectDigest,
      question: JSON.stringify(storable(ask.question)),
      needed: permitted ? 0 : needed,
      principal_id: requester.id,
      status: permitted ? 'approved' : 'pending',
      status_reason: permitted ? `permitted without asking by ${standing.policies.join(', ')}` : null,
      requested_at: now,
      expires_at: new Date(now.getTime() + expiresInMs),
      decided_at: permitted ? now : null,
    })
    .execute()
  const request = await lockRequest(tx, tenantId, id)
  if (request === undefined) throw approvalErrors.NOT_FOUND({ detail: id })
  await audit.append(tx, {
    ...auditEntry(request, requester, decision),
    action: 'request-approval',
    outcome: 'allowed',
    detail: { needed: request.needed, expiresAt: request.expiresAt.toISOString() },
  })
  if (permitted)
    await audit.append(tx, {
      ...auditEntry(request, requester, standing),
      action: 'go-hands-off',
      outcome: 'allowed',
      detail: { ...ask.handsOff },
    })
  return request
}

interface DecisionResult {
  readonly request: ApprovalRequest
  /** To be thrown once the record of the attempt is committed. */
  readonly refusal?: AtelierError
}

async function decide(options: ApprovalsOptions, tx: Tx, wish: DecideApproval): Promise<DecisionResult> {
  const { policy, audit, clock } = options
  const { tenantId, verdict } = wish
  const reason = String(storable(wish.reason))
  const principal = await authenticate(tx, tenantId, wish.principal)
  const request = await lockRequest(tx, tenantId, wish.requestId)
  if (request === undefined) throw approvalErrors.NOT_FOUND({ detail: wish.requestId })
  const now = new Date(clock.now())
  const inLineage = await isAuthor(tx, request, principal)
  const question: PolicyRequest = {
    principal,
    action: 'decide-approval',
    resource: {
      kind: 'approval',
      tenantId,
      approvalId: request.id,
      runId: request.runId,
      projectId: request.projectId,
    },
    context: { decision: verdict, inLineage },
  }
  const decision = policy.decide(question)
  await recordDecision(tx, question, decision, { runId: request.runId, actKey: null, time: now })
  const record = (outcome: 'allowed' | 'denied', detail: Record<string, unknown>) =>
    audit.append(tx, {
      ...auditEntry(request, principal, decision),
      action: 'decide-approval',
      outcome,
      detail: { verdict, reason, ...detail },
    })

  const obstacle = await findObstacle(options, tx, wish, request, now)
  const refusal = obstacle ?? refusalByPolicy(decision, inLineage)
  if (refusal !== undefined) {
    await record('denied', { code: refusal.code, message: refusal.message })
    return { request, refusal }
  }
  await tx
    .insertInto('approval_decisions')
    .values({
      tenant_id: tenantId,
      request_id: request.id,
      principal_id: principal.id,
      verdict,
      reason,
      subject_digest: request.subjectDigest,
      decided_at: now,
    })
    .execute()
  const approvers = verdict === 'approved' ? approversOf(request).length + 1 : 0
  if (verdict !== 'approved' || approvers >= request.needed)
    await setStatus(tx, request, verdict, reason, now)
  await record('allowed', { approvers, needed: request.needed })
  await wish.alongside?.(tx)
  return { request: (await lockRequest(tx, tenantId, request.id)) ?? request }
}

/** Why nobody, or not this person, can decide any more; keeps in the record what it finds out about the request. */
async function findObstacle(
  { policy }: ApprovalsOptions,
  tx: Tx,
  wish: DecideApproval,
  request: ApprovalRequest,
  now: Date,
): Promise<AtelierError | undefined> {
  const { id, tenantId, status, decisions } = request
  if (status === 'void') return approvalErrors.VOID({ detail: request.statusReason ?? id })
  if (status === 'expired') return approvalErrors.EXPIRED({ detail: id })
  if (status !== 'pending') {
    const by = decisions.at(-1)?.principalId ?? 'somebody'
    return approvalErrors.CONFLICT({ detail: `${status} by ${by}`, details: { status, by } })
  }
  if (request.expiresAt <= now) {
    await setStatus(tx, request, 'expired', 'nobody decided in time', now)
    return approvalErrors.EXPIRED({ detail: `on ${request.expiresAt.toISOString()}` })
  }
  const change = describeChange(request.subject, {
    ...wish.current,
    policySet: policy.of(tenantId).digest,
  })
  if (change !== undefined) {
    await setStatus(tx, request, 'void', change, now)
    return approvalErrors.VOID({ detail: change })
  }
  if (wish.subjectDigest !== undefined && wish.subjectDigest !== request.subjectDigest) {
    return approvalErrors.SUBJECT_CHANGED({
      details: { shown: wish.subjectDigest, pending: request.subjectDigest },
    })
  }
  if (decisions.some(({ principalId }) => principalId === wish.principal.id)) {
    return approvalErrors.REPEATED({ detail: id })
  }
  return undefined
}

function refusalByPolicy(decision: PolicyDecision, inLineage: boolean): AtelierError | undefined {
  if (decision.decision === 'allow') return undefined
  const details = { policies: decision.policies, errors: decision.errors }
  return inLineage ? approvalErrors.OWN_WORK({ details }) : approvalErrors.FORBIDDEN({ details })
}

/** Why an approval that was given does not hold any more. */
async function flawOf(
  tx: Tx,
  request: ApprovalRequest,
  policy: PolicyEngine,
  now: Date,
): Promise<string | undefined> {
  if (request.expiresAt <= now) return `the approval expired on ${request.expiresAt.toISOString()}`
  const change = describeChange(request.subject, { policySet: policy.of(request.tenantId).digest })
  if (change !== undefined) return change
  const approvers = approversOf(request)
  if (approvers.length < request.needed)
    return `${approvers.length} of ${request.needed} approvals are recorded`
  const authors = await authorLineage(tx, request.tenantId, request.runId)
  const author = approvers.find((approver) => authors.has(approver))
  return author === undefined ? undefined : `${author} became an author of the change after approving it`
}

async function isAuthor(tx: Tx, request: ApprovalRequest, principal: Principal): Promise<boolean> {
  const authors = await authorLineage(tx, request.tenantId, request.runId)
  return (
    authors.has(principal.id) || (principal.onBehalfOf !== undefined && authors.has(principal.onBehalfOf))
  )
}

function approversOf(request: ApprovalRequest): readonly PrincipalId[] {
  return request.decisions
    .filter(({ verdict }) => verdict === 'approved')
    .map(({ principalId }) => principalId)
}

function auditEntry(
  request: ApprovalRequest,
  principal: Principal,
  decision: PolicyDecision,
): Omit<AuditEntry, 'action' | 'outcome' | 'detail'> {
  return {
    tenantId: request.tenantId,
    principalId: principal.id,
    onBehalfOf: principal.onBehalfOf ?? null,
    resource: `approval:${request.id}`,
    policies: decision.policies,
    policySet: decision.policySet,
    digests: { request: decision.input, subject: request.subjectDigest },
    runId: request.runId,
    actKey: null,
  }
}
