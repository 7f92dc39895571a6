import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import { createGovernedStudio, echoTool, movableClock } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { registerPrincipal } from '../identity/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import type { OwnPolicies } from './index.ts'

const clock = movableClock()
let studio: GovernedStudio
let own: OwnPolicies
let security: Principal

beforeAll(async () => {
  studio = await createGovernedStudio({ clock })
  own = studio.governance.ownPolicies
  security = { ...studio.people.owner, id: 'person:security' as PrincipalId, roles: ['security'] }
  const { id, kind, roles } = security
  await studio.database.transaction(studio.scope, (tx) =>
    registerPrincipal(tx, studio.tenantId, { id, kind, roles, name: id }),
  )
})
afterAll(() => studio[Symbol.asyncDispose]())

const far = { days: 30, mostDecisions: 100_000 }
const noEcho = `@id("acme/no-echo")
forbid (principal, action == Atelier::Action::"use-workspace-tool", resource)
when { context.tool == "test.echo" };
`
const tests = `
- name: nobody echoes
  request:
    principal: { kind: service, id: 'service:studio' }
    action: use-workspace-tool
    resource: {}
    context: { tool: test.echo }
  expect: { decision: deny, policies: [acme/no-echo] }
`
const draft = { name: 'echo', text: noEcho, tests }

/** Acts through the door; four succeed, of which one twice, and one is another tool. */
async function echo(times: number, name = 'test.echo'): Promise<void> {
  const runId = await studio.openRun()
  for (let index = 0; index < times; index += 1)
    await studio.governance.door.act(
      echoTool((text) => text, { name }),
      { text: `${index}` },
      studio.request(runId),
    )
}

/** Takes everything of one's own back, by the same way that it came. */
async function clear(): Promise<void> {
  for (const { name, state } of await own.list(security)) {
    if (state !== 'in-force') continue
    const { digest } = await own.saveDraft(security, { name, text: '', tests: '' })
    await own.rehearse(security, name, far)
    await own.decide(studio.people.owner, { name, digest, verdict: 'approved', reason: 'cleared' })
  }
}

beforeEach(clear)

describe('a simulation', () => {
  it('names the acts that a rule would have blocked, when, by whom and in which run', async () => {
    clock.advance(40 * 86_400_000)
    await echo(4)
    await echo(1, 'test.other')
    const simulation = await own.simulate(security, draft, far)
    expect(simulation.blocked.count).toBe(4)
    expect(simulation.permitted.count).toBe(0)
    expect(simulation.blocked.examples[0]).toMatchObject({
      principalId: 'service:studio',
      action: 'use-workspace-tool',
      at: new Date(clock.now()).toISOString(),
      act: { tool: 'test.echo', state: 'succeeded', stepId: 'step', effect: 'workspace' },
      recorded: { decision: 'allow', policies: ['studio/the-service-prepares-and-checks'] },
      inForce: { decision: 'allow' },
      candidate: { decision: 'deny', policies: ['acme/no-echo'] },
    })
    expect(simulation).toMatchObject({ notReplayed: 0, cutOff: false })
    expect(simulation.decisions).toBeGreaterThanOrEqual(5)
    // Nothing is in force because it was tried out.
    await echo(1)
  })

  it('looks back only as far as asked, in time and in number', async () => {
    clock.advance(40 * 86_400_000)
    expect((await own.simulate(security, draft, { ...far, days: 1 })).decisions).toBe(0)
    await echo(3)
    const bounded = await own.simulate(security, draft, { days: 1, mostDecisions: 2 })
    expect(bounded).toMatchObject({ decisions: 2, cutOff: true, blocked: { count: 2 } })
  })

  it('names what was denied and would be permitted', async () => {
    clock.advance(40 * 86_400_000)
    const runId = await studio.openRun()
    const { agent } = studio
    const stranger = { ...agent, onBehalfOf: studio.people.owner.id }
    await expect(
      studio.governance.door.act(echoTool(), { text: 'x' }, studio.request(runId, { principal: stranger })),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    const text = `@id("acme/agents-everywhere")
      permit (principal is Atelier::Agent, action == Atelier::Action::"use-workspace-tool", resource);`
    const { permitted } = await own.simulate(security, { name: 'agents', text }, far)
    expect(permitted).toMatchObject({
      count: 1,
      examples: [{ act: { state: 'refused' }, candidate: { policies: ['acme/agents-everywhere'] } }],
    })
  })

  it('says how many decisions it could not ask again, rather than guess', async () => {
    clock.advance(40 * 86_400_000)
    await echo(1)
    await studio.database.transaction(studio.scope, (_tx, client) =>
      client.query(
        `insert into decisions (tenant_id, run_id, act_key, principal_id, action, resource, request, decision,
           policies, policy_set, input_digest, errors, decided_at)
         select tenant_id, run_id, null, principal_id, action, resource, request - 'context', decision, policies,
           policy_set, 'sha256:other', errors, decided_at from decisions order by id desc limit 1`,
      ),
    )
    const simulation = await own.simulate(security, draft, { ...far, days: 1 })
    expect(simulation).toMatchObject({ notReplayed: 1, blocked: { count: 1 } })
  })

  it('refuses a text that is not valid, with the place', async () => {
    const text = '@id("a")\nforbid (principal, action, resorce);'
    await expect(own.simulate(security, { name: 'a', text }, far)).rejects.toMatchObject({
      code: 'ATL_OWN_POLICY_INVALID',
      details: { problems: [{ line: 2, column: 28 }] },
    })
  })

  it('is not open to those who may only read policies', async () => {
    const { engineer } = studio.people
    await expect(own.simulate(engineer, draft, far)).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    expect(await own.check(engineer, draft)).toMatchObject({ ok: true, tests: [{ passed: true }] })
  })
})

describe('a change of a shipped policy', () => {
  it('is simulated like one’s own: what it would have blocked, and what it would have let through', async () => {
    await echo(2)
    const id = 'studio/the-service-prepares-and-checks'
    const without = await own.simulateShipped(security, { id, text: '' }, far)
    expect(without.blocked.count).toBeGreaterThanOrEqual(2)
    expect(without.blocked.examples[0]).toMatchObject({
      act: { tool: 'test.echo' },
      recorded: { policies: [id] },
      candidate: { decision: 'deny' },
    })
    const shipped = studio.governance.policy.shipped.policies.find((policy) => policy.id === id)
    const same = await own.simulateShipped(security, { id, text: shipped?.text ?? '' }, far)
    expect([same.blocked.count, same.permitted.count]).toEqual([0, 0])
    const anybody = `@id("${id}") permit (principal, action == Atelier::Action::"use-workspace-tool", resource);`
    const wide = await own.simulateShipped(security, { id, text: anybody }, far)
    expect(wide.blocked.count).toBe(0)
    // Nothing has come into force by it.
    expect(studio.governance.policy.of(studio.tenantId).digest).toBe(studio.governance.policy.shipped.digest)
  })

  it('is refused where there is no such policy, the text is not valid, or somebody may not', async () => {
    const { engineer } = studio.people
    const id = 'studio/the-service-prepares-and-checks'
    await expect(own.simulateShipped(security, { id: 'none', text: '' }, far)).rejects.toMatchObject({
      code: 'ATL_OWN_POLICY_SHIPPED_NOT_FOUND',
    })
    await expect(own.simulateShipped(security, { id, text: 'permit' }, far)).rejects.toMatchObject({
      code: 'ATL_OWN_POLICY_INVALID',
    })
    await expect(own.simulateShipped(engineer, { id, text: '' }, far)).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
    })
  })
})

describe('a policy of one’s own', () => {
  it('comes into force when another person approves what was rehearsed, and is taken back the same way', async () => {
    const { digest } = await own.saveDraft(security, draft)
    await expect(echo(1)).resolves.toBeUndefined()
    const rehearsed = await own.rehearse(security, 'echo', far)
    expect(rehearsed.rehearsal).toMatchObject({ ok: true, draft: digest })
    const approval = { name: 'echo', digest, verdict: 'approved', reason: 'as agreed' } as const
    await expect(own.decide(security, approval)).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
      details: { policies: ['guardrails/approval-never-by-the-author'] },
    })
    const decided = await own.decide(studio.people.owner, approval)
    expect(decided).toMatchObject({
      state: 'in-force',
      decidedBy: 'person:owner',
      authors: ['person:security'],
    })
    await expect(echo(1)).rejects.toMatchObject({ details: { policies: ['acme/no-echo'] } })
    expect((await studio.governance.audit.verify(studio.scope)).ok).toBe(true)
    await clear()
    await expect(echo(1)).resolves.toBeUndefined()
    expect((await own.versions(security, 'echo')).map(({ state }) => state)).toEqual([
      'superseded',
      'superseded',
    ])
  })

  it('is in force in other processes too, and after a restart', async () => {
    const other = await studio.restart()
    const { digest } = await own.saveDraft(security, draft)
    await own.rehearse(security, 'echo', far)
    await own.decide(studio.people.owner, { name: 'echo', digest, verdict: 'approved', reason: '' })
    const inForce = studio.governance.policy.of(studio.tenantId).digest
    expect(other.policy.of(studio.tenantId).digest).not.toBe(inForce)
    await other.ownPolicies.refresh()
    expect(other.policy.of(studio.tenantId).digest).toBe(inForce)
    expect((await studio.restart()).policy.of(studio.tenantId).digest).toBe(inForce)
  })

  it('is not decided about unseen, unrehearsed, or against tests that fail', async () => {
    const { owner } = studio.people
    const approve = (digest: string) =>
      own.decide(owner, { name: 'echo', digest, verdict: 'approved', reason: '' })
    const first = await own.saveDraft(security, draft)
    await expect(approve(first.digest)).rejects.toMatchObject({ code: 'ATL_OWN_POLICY_NOT_REHEARSED' })
    await own.rehearse(security, 'echo', far)
    const failing = { ...draft, tests: tests.replace('decision: deny', 'decision: allow') }
    const second = await own.saveDraft(security, failing)
    expect(second.rehearsal).toBeNull()
    await expect(approve(first.digest)).rejects.toMatchObject({ code: 'ATL_OWN_TEXT_CHANGED' })
    await own.rehearse(security, 'echo', far)
    await expect(approve(second.digest)).rejects.toMatchObject({
      code: 'ATL_OWN_POLICY_INVALID',
      details: { tests: [{ passed: false }] },
    })
    const rejected = await own.decide(owner, {
      name: 'echo',
      digest: second.digest,
      verdict: 'rejected',
      reason: 'no',
    })
    expect(rejected).toMatchObject({ state: 'rejected', reason: 'no' })
    await expect(approve(second.digest)).rejects.toMatchObject({ code: 'ATL_OWN_TEXT_UNKNOWN' })
  })

  it('has to be rehearsed again when something else came into force meanwhile', async () => {
    const { owner } = studio.people
    const other = { name: 'other', text: noEcho.replaceAll('echo', 'other'), tests: '' }
    const [first, second] = [await own.saveDraft(security, draft), await own.saveDraft(security, other)]
    await own.rehearse(security, 'echo', far)
    await own.rehearse(security, 'other', far)
    await own.decide(owner, { name: 'other', digest: second.digest, verdict: 'approved', reason: '' })
    await expect(
      own.decide(owner, { name: 'echo', digest: first.digest, verdict: 'approved', reason: '' }),
    ).rejects.toMatchObject({ code: 'ATL_OWN_POLICY_NOT_REHEARSED' })
  })

  it('counts everybody who wrote at the draft as its author', async () => {
    const { owner } = studio.people
    await own.saveDraft(security, { ...draft, name: 'joint' })
    const { digest, authors } = await own.saveDraft(owner, { ...draft, name: 'joint', tests: '' })
    expect(authors).toEqual([security.id, owner.id])
    await own.rehearse(owner, 'joint', far)
    for (const person of [owner, security])
      await expect(
        own.decide(person, { name: 'joint', digest, verdict: 'approved', reason: '' }),
      ).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
  })

  it('is neither seen nor in force for another tenant', async () => {
    await own.saveDraft(security, draft)
    const { tenantId, principalId } = await studio.testDatabase.createTenant()
    const stranger: Principal = { ...studio.people.owner, tenantId, id: principalId }
    expect(await own.list(stranger)).toEqual([])
    expect(await own.versions(stranger, 'echo')).toEqual([])
    await expect(own.rehearse(stranger, 'echo', far)).rejects.toMatchObject({
      code: 'ATL_OWN_TEXT_UNKNOWN',
    })
  })
})
