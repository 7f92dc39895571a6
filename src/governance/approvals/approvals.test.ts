import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import { digestOf } from '../../kernel/index.ts'
import type { PrincipalId, RunId } from '../../kernel/index.ts'
import { createGovernedStudio, echoTool, movableClock, policyLocations } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { registerPrincipal } from '../identity/index.ts'
import { loadPolicies } from '../policy/index.ts'
import type { PolicyEngine } from '../policy/index.ts'
import { createApprovals, digestOfSubject } from './index.ts'
import type { ApprovalRequest, Approvals, ApprovalState, ApprovalSubject, DecideApproval } from './index.ts'

let studio: GovernedStudio
let approvals: Approvals
const clock = movableClock()

beforeAll(async () => {
  studio = await createGovernedStudio({ clock })
  approvals = studio.governance.approvals
})
afterAll(() => studio[Symbol.asyncDispose]())

type Ask = Parameters<Approvals['request']>[1]

const ask = (runId: RunId, tree = 'tree-a', overrides: Partial<Ask> = {}): Promise<ApprovalRequest> =>
  studio.database.transaction(studio.scope, (tx) =>
    approvals.request(tx, {
      tenantId: studio.tenantId,
      projectId: studio.request(runId).projectId,
      runId,
      stepId: 'approval',
      requester: studio.service,
      subject: studio.subjectOf(tree),
      question: { tree },
      expiresInMs: 60_000,
      ...overrides,
    }),
  )

const decide = (
  request: ApprovalRequest,
  principal: Principal,
  overrides: Partial<DecideApproval> = {},
): Promise<ApprovalRequest> =>
  approvals.decide({
    tenantId: studio.tenantId,
    requestId: request.id,
    principal,
    verdict: 'approved',
    reason: 'fine',
    ...overrides,
  })

const isApproved = (runId: RunId, subject: ApprovalSubject): Promise<ApprovalState> =>
  studio.database.transaction(studio.scope, (tx) => approvals.isApproved(tx, studio.tenantId, runId, subject))

const current = async (runId: RunId): Promise<ApprovalRequest | undefined> =>
  (await studio.database.transaction(studio.scope, (tx) => approvals.ofRun(tx, studio.tenantId, runId))).at(
    -1,
  )

async function register(principal: Principal, onBehalfOf?: PrincipalId): Promise<Principal> {
  await studio.database.transaction(studio.scope, async (tx) => {
    await registerPrincipal(tx, studio.tenantId, { ...principal, name: principal.id })
    if (onBehalfOf !== undefined)
      await tx
        .updateTable('principals')
        .set({ on_behalf_of: onBehalfOf })
        .where('tenant_id', '=', studio.tenantId)
        .where('id', '=', principal.id)
        .execute()
  })
  return principal
}

const person = (name: string, ...roles: Principal['roles']): Principal => ({
  ...studio.people.approver,
  id: `person:${name}` as PrincipalId,
  roles,
})

describe('an approval', () => {
  it('is asked for once per subject and given by a person', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    expect(await ask(runId)).toEqual(request)
    expect(request).toMatchObject({ status: 'pending', question: { tree: 'tree-a' }, needed: 1 })
    expect(await isApproved(runId, request.subject)).toMatchObject({ approved: false })
    const decided = await decide(request, studio.people.approver, { reason: 'well tested' })
    expect(decided).toMatchObject({
      status: 'approved',
      statusReason: 'well tested',
      decisions: [{ principalId: 'person:approver', verdict: 'approved', reason: 'well tested' }],
    })
    expect(await isApproved(runId, request.subject)).toEqual({
      approved: true,
      requestId: request.id,
      approvers: ['person:approver'],
    })
    // Asking again after a crash takes the decision up.
    expect((await ask(runId)).status).toBe('approved')
  })

  it.each(['rejected', 'changes-requested'] as const)('can be refused: %s', async (verdict) => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    expect(await decide(request, studio.people.approver, { verdict, reason: 'no' })).toMatchObject({
      status: verdict,
    })
    expect(await isApproved(runId, request.subject)).toMatchObject({ approved: false })
  })

  it('can need several different people', async () => {
    const second = await register(person('second', 'approver'))
    const runId = await studio.openRun()
    const request = await ask(runId, 'tree-a', { needed: 2 })
    expect((await decide(request, studio.people.approver)).status).toBe('pending')
    expect(await isApproved(runId, request.subject)).toMatchObject({ approved: false })
    await expect(decide(request, studio.people.approver)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_REPEATED',
    })
    expect((await decide(request, second)).status).toBe('approved')
    expect(await isApproved(runId, request.subject)).toMatchObject({ approved: true })
  })

  it('is decided by the first of two people; the second is told', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    const results = await Promise.allSettled([
      decide(request, studio.people.approver, { verdict: 'approved' }),
      decide(request, studio.people.owner, { verdict: 'rejected' }),
    ])
    const refused = results.find((result) => result.status === 'rejected')
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(refused?.reason).toMatchObject({ code: 'ATL_APPROVAL_CONFLICT' })
    expect((await current(runId))?.decisions).toHaveLength(1)
  })

  it('cannot be replayed', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    await decide(request, studio.people.approver)
    await expect(decide(request, studio.people.approver)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_CONFLICT',
    })
    await expect(decide({ ...request, id: 'apr_unknown' }, studio.people.approver)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_NOT_FOUND',
    })
  })

  it('is asked for by the studio alone', async () => {
    const runId = await studio.openRun()
    await expect(ask(runId, 'tree-a', { requester: studio.agent })).rejects.toMatchObject({
      code: 'ATL_APPROVAL_FORBIDDEN',
    })
    await expect(ask(runId, 'tree-a', { needed: 0 })).rejects.toMatchObject({ code: 'ATL_APPROVAL_INVALID' })
  })

  it('is not needed where a policy permits the work without, within the guardrails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-hands-off-'))
    writeFileSync(
      join(folder, 'own.cedar'),
      '@id("hands-off/formatting") permit (principal, action == Atelier::Action::"go-hands-off", resource) when { context.work == "format" || context.work == "repair" };',
    )
    const { schemaFile, folders } = policyLocations
    const policy = await loadPolicies({ schemaFile, folders: [...folders, folder] })
    rmSync(folder, { recursive: true })
    const { database, governance, tenantId } = studio
    const own = createApprovals({ database, audit: governance.audit, clock, policy })
    const subject = (tree: string) => ({ ...studio.subjectOf(tree), policySet: policy.shipped.digest })
    const request = async (work: string, worstFinding = 'none') => {
      const runId = await studio.openRun()
      return database.transaction(studio.scope, (tx) =>
        own.request(tx, {
          tenantId,
          projectId: studio.request(runId).projectId,
          runId,
          stepId: 'approval',
          requester: studio.service,
          subject: subject('tree-a'),
          question: {},
          expiresInMs: 60_000,
          handsOff: { work, named: true, worstFinding },
        }),
      )
    }
    const permitted = await request('format')
    expect(permitted).toMatchObject({ status: 'approved', needed: 0, decisions: [] })
    expect(permitted.statusReason).toBe('permitted without asking by hands-off/formatting')
    const state = (asked: ApprovalSubject) =>
      database.transaction(studio.scope, (tx) => own.isApproved(tx, tenantId, permitted.runId, asked))
    expect(await state(subject('tree-a'))).toMatchObject({ approved: true, approvers: [] })
    expect(await state(subject('tree-b'))).toMatchObject({ approved: false })
    // Under other policies, such as those without the permission, it is void.
    expect(await isApproved(permitted.runId, permitted.subject)).toMatchObject({ approved: false })
    for (const [work, worst] of [
      ['format', 'high'],
      ['repair', 'none'],
      ['codemod', 'none'],
    ] as const)
      expect((await request(work, worst)).status).toBe('pending')
  })

  it('is recorded in the audit log, also when it is refused', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    await expect(decide(request, studio.people.engineer)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_FORBIDDEN',
    })
    await decide(request, studio.people.approver)
    const rows = await studio.database.transaction(studio.scope, (tx) =>
      studio.governance.audit.ofRun(tx, studio.tenantId, runId),
    )
    const records = rows.map(({ record }) => JSON.parse(record ?? '') as Record<string, unknown>)
    expect(records.map(({ action, outcome, principalId }) => [action, outcome, principalId])).toEqual([
      ['submit-work-item', 'allowed', 'person:reporter'],
      ['request-approval', 'allowed', 'service:studio'],
      ['decide-approval', 'denied', 'person:engineer'],
      ['decide-approval', 'allowed', 'person:approver'],
    ])
  })
})

describe('an approval is void (I2)', () => {
  it('for every other subject', async () => {
    const runId = await studio.openRun()
    const { subject } = await decide(await ask(runId), studio.people.approver)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('plan' as const, 'tree' as const, 'policySet' as const, 'evidence' as const),
        fc.string(),
        async (member, other) => {
          const changed = { ...subject, [member]: digestOf(other) }
          expect(digestOfSubject(changed)).not.toBe(digestOfSubject(subject))
          expect(await isApproved(runId, changed)).toMatchObject({ approved: false })
        },
      ),
      { numRuns: 20 },
    )
    expect(await isApproved(runId, subject)).toMatchObject({ approved: true })
  })

  it('once what it is about has changed, before or after the decision', async () => {
    const runId = await studio.openRun()
    const first = await ask(runId, 'tree-a')
    const second = await ask(runId, 'tree-b')
    await expect(decide(first, studio.people.approver)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_VOID',
      message: expect.stringContaining('the change changed') as string,
    })
    await decide(second, studio.people.approver)
    await studio.database.transaction(studio.scope, (tx) =>
      approvals.voidChanged(tx, studio.tenantId, runId, { tree: 'tree-c' }),
    )
    expect(await isApproved(runId, second.subject)).toMatchObject({ approved: false })
    expect(await current(runId)).toMatchObject({
      status: 'void',
      statusReason: 'the change changed after approval was asked for',
    })
  })

  it('when the person looked at something else', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    const subjectDigest = digestOfSubject(studio.subjectOf('tree-b'))
    await expect(decide(request, studio.people.approver, { subjectDigest })).rejects.toMatchObject({
      code: 'ATL_APPROVAL_SUBJECT_CHANGED',
    })
    await expect(
      decide(request, studio.people.approver, { current: { evidence: digestOf('other') } }),
    ).rejects.toMatchObject({ code: 'ATL_APPROVAL_VOID' })
    expect((await current(runId))?.status).toBe('void')
  })

  it('when the policies have changed', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    await decide(request, studio.people.approver)
    const { policy } = studio.governance
    const other: PolicyEngine = {
      ...policy,
      of: (tenantId) => ({ ...policy.of(tenantId), digest: digestOf('other policies') }),
    }
    const underOthers = createApprovals({
      database: studio.database,
      audit: studio.governance.audit,
      clock,
      policy: other,
    })
    expect(
      await studio.database.transaction(studio.scope, (tx) =>
        underOthers.isApproved(tx, studio.tenantId, runId, request.subject),
      ),
    ).toMatchObject({ approved: false, reason: 'the policies changed after approval was asked for' })
    expect((await current(runId))?.status).toBe('void')
  })

  it('after its time, decided or not', async () => {
    const [early, late] = [await studio.openRun(), await studio.openRun()]
    const decided = await decide(await ask(early), studio.people.approver)
    const pending = await ask(late)
    clock.advance(60_001)
    expect(await isApproved(early, decided.subject)).toMatchObject({ approved: false })
    await expect(decide(pending, studio.people.approver)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_EXPIRED',
    })
    expect((await current(late))?.status).toBe('expired')
    // Asking anew opens another request.
    expect((await ask(late)).id).not.toBe(pending.id)
  })
})

describe('nobody approves their own work (I3)', () => {
  it('neither the requester', async () => {
    const approvingReporter = await register(person('author', 'approver', 'engineer'))
    const runId = `run-${approvingReporter.id}` as RunId
    await studio.governance.administration.openRun({
      tenantId: studio.tenantId,
      projectId: studio.request(runId).projectId,
      runId,
      requester: approvingReporter,
      repository: undefined,
    })
    await expect(decide(await ask(runId), approvingReporter)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_OWN_WORK',
    })
  })

  it('nor an agent, nor a service, whatever their roles', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    for (const kind of ['agent', 'service'] as const) {
      const approver = await register({
        ...studio.agent,
        kind,
        id: `${kind}:approver` as PrincipalId,
        roles: ['approver', 'owner'],
        onBehalfOf: studio.people.approver.id,
      })
      await expect(decide(request, approver)).rejects.toMatchObject({ code: 'ATL_APPROVAL_FORBIDDEN' })
    }
  })

  it('nor anybody an actor of the run acts for, over any chain of registrations', async () => {
    const boss = await register(person('boss', 'approver'))
    const middle = { ...studio.service, id: 'service:middle' as PrincipalId }
    await register(middle, boss.id)
    await studio.database.transaction(studio.scope, (tx) =>
      tx
        .updateTable('principals')
        .set({ on_behalf_of: middle.id })
        .where('tenant_id', '=', studio.tenantId)
        .where('id', '=', studio.service.id)
        .execute(),
    )
    try {
      const runId = await studio.openRun()
      const request = await ask(runId)
      await studio.governance.door.act(echoTool(), { text: 'a' }, studio.request(runId))
      await expect(decide(request, boss)).rejects.toMatchObject({ code: 'ATL_APPROVAL_OWN_WORK' })
      expect((await decide(request, studio.people.approver)).status).toBe('approved')
    } finally {
      await studio.database.transaction(studio.scope, (tx) =>
        tx
          .updateTable('principals')
          .set({ on_behalf_of: null })
          .where('tenant_id', '=', studio.tenantId)
          .where('id', '=', studio.service.id)
          .execute(),
      )
    }
  })

  it('nor somebody who became an author after approving', async () => {
    const runId = await studio.openRun()
    const { subject } = await decide(await ask(runId), studio.people.approver)
    await register({ ...studio.service, id: 'service:studio' as PrincipalId }, studio.people.approver.id)
    try {
      await studio.governance.door.act(echoTool(), { text: 'a' }, studio.request(runId))
      expect(await isApproved(runId, subject)).toEqual({
        approved: false,
        reason: 'person:approver became an author of the change after approving it',
      })
    } finally {
      await studio.database.transaction(studio.scope, (tx) =>
        tx.updateTable('principals').set({ on_behalf_of: null }).where('id', '=', 'service:studio').execute(),
      )
    }
  })
})

describe('approvals of one tenant (I9)', () => {
  it('are not seen, decided or used by another', async () => {
    const runId = await studio.openRun()
    const request = await ask(runId)
    const other = await studio.testDatabase.createTenant()
    const intruder = { ...studio.people.owner, tenantId: other.tenantId, id: other.principalId }
    await expect(
      approvals.decide({
        tenantId: other.tenantId,
        requestId: request.id,
        principal: intruder,
        verdict: 'approved',
        reason: 'mine now',
      }),
    ).rejects.toMatchObject({ code: 'ATL_APPROVAL_NOT_FOUND' })
    await expect(decide(request, { ...intruder, tenantId: other.tenantId })).rejects.toMatchObject({
      code: 'ATL_IDENTITY_MISMATCH',
    })
    const seen = await studio.database.transaction(other, async (tx) => ({
      requests: await tx.selectFrom('approval_requests').selectAll().execute(),
      acts: await tx.selectFrom('acts').selectAll().execute(),
      mandates: await tx.selectFrom('mandates').selectAll().execute(),
      decisions: await tx.selectFrom('decisions').selectAll().execute(),
      ledger: await tx.selectFrom('ledger_entries').selectAll().execute(),
      audit: await tx.selectFrom('audit_log').selectAll().execute(),
    }))
    expect(Object.values(seen).flat()).toEqual([])
  })

  it('keep decisions that nobody can change or take back', async () => {
    const runId = await studio.openRun()
    await decide(await ask(runId), studio.people.approver)
    for (const statement of [
      'delete from approval_decisions',
      `update approval_decisions set verdict = 'rejected'`,
      'delete from approval_requests',
    ]) {
      await expect(
        studio.database.transaction(studio.scope, (_tx, client) => client.query(statement)),
      ).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
    }
  })
})
