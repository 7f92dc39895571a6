import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client/index.ts'
import { createClient } from '../client/index.ts'
import { openScratchServices } from '../scratch-services.ts'
import { createServices } from '../services/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'

type ScratchProject = Awaited<ReturnType<ScratchTenant['createProject']>>

let studio: ScratchStudio
let tenant: ScratchTenant
let shop: ScratchProject
let bank: ScratchProject
/** Runs that wait for approval, one in each project. */
let waiting: { readonly shop: Waiting; readonly bank: Waiting }
type Waiting = Awaited<ReturnType<ScratchTenant['waitingRun']>>

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
  shop = await tenant.createProject('shop')
  bank = await tenant.createProject('bank')
  waiting = { shop: await tenant.waitingRun(shop), bank: await tenant.waitingRun(bank) }
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

function clientWith(authorization: string): Client {
  return createClient({ baseUrl: studio.url, headers: { authorization } })
}

const submission = {
  issue: { title: 'Tidy up', body: '' },
  repository: { location: '/srv/sample' },
  task: { kind: 'format' as const },
}

describe('whoever has a role in one project', () => {
  it('finds what belongs to it in every list, and nothing else', async () => {
    const viewer = clientWith(shop.authorization.viewer)
    const [runs, work, approvals, projects] = await Promise.all([
      viewer.listRuns(),
      viewer.listWorkItems(),
      viewer.listApprovals(),
      viewer.listProjects(),
    ])
    expect(runs.items.map(({ id }) => id)).toEqual([waiting.shop.runId])
    expect(work.items.map(({ run }) => run?.id)).toEqual([waiting.shop.runId])
    expect(approvals.items.map(({ id }) => id)).toEqual([waiting.shop.request.id])
    expect(projects.items.map(({ id }) => id)).toEqual([shop.id])
  })

  it('is told what they may do in it, and which roles would open the rest', async () => {
    const engineer = clientWith(shop.authorization.engineer)
    const [me, { items }, { items: rights }] = await Promise.all([
      engineer.getMe(),
      engineer.listProjects(),
      engineer.listRights(),
    ])
    expect(me.may).toEqual([])
    expect(me.mayInProjects).toEqual(['submit-work-item', 'use-models', 'read-budget', 'read-studio'])
    expect(items.map(({ may }) => may)).toEqual([me.mayInProjects])
    expect(rights.find(({ right }) => right === 'read-audit')).toEqual({
      right: 'read-audit',
      inProject: false,
      roles: ['operator', 'security', 'owner'],
    })
    expect((await clientWith(tenant.authorization.viewer).getMe()).mayInProjects).toEqual(['read-studio'])
  })

  it('is refused what they ask for in another one', async () => {
    const viewer = clientWith(shop.authorization.viewer)
    const { runId, request } = waiting.bank
    await expect(viewer.getRun({ params: { runId } })).rejects.toMatchObject({ status: 403 })
    await expect(viewer.exportEvidence({ params: { runId } })).rejects.toMatchObject({ status: 403 })
    await expect(viewer.getApproval({ params: { approvalId: request.id } })).rejects.toMatchObject({
      status: 403,
    })
    await expect(viewer.listRuns({ query: { projectId: bank.id } })).rejects.toMatchObject({ status: 403 })
    await expect(viewer.getProject({ params: { projectId: bank.id } })).rejects.toMatchObject({ status: 403 })
  })

  it('has what waits there in the inbox, and decides about nothing elsewhere', async () => {
    const approver = clientWith(shop.authorization.approver)
    const { items } = await approver.listInbox()
    expect(items.map(({ id }) => id)).toEqual([waiting.shop.request.id])
    const { id: approvalId, subjectDigest: subject } = waiting.bank.request
    await expect(
      approver.decideApproval({ params: { approvalId }, body: { verdict: 'approved', subject } }),
    ).rejects.toMatchObject({ status: 403 })
    // Not even past the service: the decision itself asks the policies about the project of the request.
    const { principal } = shop.callers.approver
    const decided = studio.governed.governance.approvals.decide({
      ...{ tenantId: tenant.id, requestId: approvalId, principal, verdict: 'approved', reason: '' },
      subjectDigest: subject,
    })
    await expect(decided).rejects.toMatchObject({ code: 'ATL_APPROVAL_FORBIDDEN' })
  })

  it('hears of nothing else in the stream of all runs', async () => {
    const stop = new AbortController()
    const heard: string[] = []
    const listening = (async () => {
      const events = clientWith(shop.authorization.viewer).watchTenant({
        signal: stop.signal,
        lastEventId: '0.0.',
      })
      for await (const { runId } of events) heard.push(runId)
    })().catch(() => undefined)
    const foreign = await tenant.waitingRun(bank)
    const own = await tenant.waitingRun(shop)
    await expect.poll(() => heard.includes(own.runId), { timeout: 30_000 }).toBe(true)
    expect(heard).not.toContain(foreign.runId)
    expect(heard).not.toContain(waiting.bank.runId)
    stop.abort()
    await listening
  })

  it('sees what work is done with, and the budget of the project alone', async () => {
    const { governance, database } = studio.governed
    const { principal } = tenant.callers.owner
    const scope = { kind: 'tenant', tenantId: tenant.id, principalId: principal.id } as const
    for (const [{ runId }, { id: projectId }] of [
      [waiting.shop, shop],
      [waiting.bank, bank],
    ] as const) {
      const act = { actKey: `${runId}/figures`, attempt: 1, stepId: 'change' }
      const charge = { tenantId: tenant.id, projectId, runId, ...act }
      await database.transaction(scope, async (tx) => {
        await governance.ledger.reserve(tx, charge, { money: 7, tokens: 0, toolCalls: 0, seconds: 0 })
        await governance.ledger.settle(
          tx,
          charge,
          { money: 7, tokens: 0, toolCalls: 0, seconds: 0 },
          'performed',
        )
      })
    }
    const engineer = clientWith(shop.authorization.engineer)
    expect((await engineer.listAgents()).items.length).toBeGreaterThan(0)
    expect((await engineer.listTools()).items.length).toBeGreaterThan(0)
    expect((await engineer.listToolServers()).items).toBeDefined()
    const [workflow] = (await engineer.listWorkflows()).items
    const { estimate } = await engineer.getWorkflow({ params: { name: workflow?.name ?? '' } })
    expect(estimate).toBeNull()
    const accounts = (await engineer.listBudgets()).items.map(({ level, subject }) => [level, subject])
    expect(accounts).toEqual([['project', shop.id]])
    const runs = (await engineer.listRunBudgets()).items.map(({ subject }) => subject)
    expect(runs).toContain(waiting.shop.runId)
    expect(runs).not.toContain(waiting.bank.runId)
    const ledger = (await engineer.listLedger()).items
    expect(new Set(ledger.map(({ projectId }) => projectId))).toEqual(new Set([shop.id]))
    const ofBank = { query: { runId: waiting.bank.runId } }
    expect((await engineer.listLedger(ofBank)).items).toEqual([])
    expect(new Set((await engineer.getBurn()).items.map(({ key }) => key))).toEqual(new Set([shop.id]))
    for (const by of ['agent', 'tool', 'model'] as const)
      expect((await engineer.getBurn({ query: { by } })).items).toBeDefined()
    const outlook = await engineer.getBudgetOutlook({ query: { projectId: shop.id } })
    expect(outlook.moneyPerAcceptedChange).toBeNull()
    // What is of the tenant as a whole, or of another project, is for those with a role there.
    const refused = [
      engineer.getBudgetOutlook(),
      engineer.getBudgetOutlook({ query: { projectId: bank.id } }),
      engineer.listRunBudgets({ query: { projectId: bank.id } }),
      engineer.getModels(),
      engineer.getFlow(),
      clientWith(shop.authorization.viewer).listBudgets(),
    ]
    for (const answer of await Promise.allSettled(refused))
      expect(answer).toMatchObject({ status: 'rejected', reason: { status: 403 } })
  })

  it('submits work there and nowhere else', async () => {
    const engineer = clientWith(shop.authorization.engineer)
    const { runId } = await engineer.submitWorkItem({ body: { ...submission, projectId: shop.id } })
    expect((await engineer.getRun({ params: { runId } })).projectId).toBe(shop.id)
    await expect(
      engineer.submitWorkItem({ body: { ...submission, projectId: bank.id } }),
    ).rejects.toMatchObject({ status: 403 })
    await expect(engineer.submitWorkItem({ body: submission })).rejects.toMatchObject({ status: 403 })
  })
})

describe('a whole file of a change', () => {
  const fileOf = (query: { path: string; side?: 'old' | 'new' }, role = shop.authorization.viewer) =>
    clientWith(role).getChangedFile({ params: { runId: waiting.shop.runId }, query })

  it('is shown as it was and as the change makes it', async () => {
    expect(await fileOf({ path: 'src/a.js', side: 'old' })).toMatchObject({
      state: 'text',
      text: '1\nlast\n',
    })
    expect(await fileOf({ path: 'src/a.js' })).toMatchObject({ side: 'new', tree: 'tree', text: '2\nlast\n' })
  })

  it('is one of the change, whatever path is asked for', async () => {
    for (const path of ['secret.txt', '../a.js', 'src/../secret.txt', '/etc/passwd', '.git/config', 'src'])
      await expect(fileOf({ path, side: 'old' })).rejects.toMatchObject({ code: 'ATL_STUDIO_NO_SUCH_LINE' })
  })

  it('is for whoever may read the run and this file', async () => {
    await expect(fileOf({ path: 'src/a.js' }, bank.authorization.owner)).rejects.toMatchObject({
      status: 403,
    })
    const { policy } = studio.governed.governance
    const text =
      '@id("hidden") forbid (principal, action == Atelier::Action::"read-code", resource in Atelier::CodePath::"src");'
    expect(policy.enforce(tenant.id, [{ name: 'hidden', text }])).toEqual([])
    await expect(fileOf({ path: 'src/a.js' })).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    policy.enforce(tenant.id, [])
  })

  it('comes without its content where that is no text, or too long', async () => {
    const { changes } = createServices({
      ...(await openScratchServices(studio.governed, studio.engine)),
      repositories: {
        identify: (location) => Promise.resolve(location),
        readFile: (_place, tree) =>
          Promise.resolve(tree === 'tree' ? Buffer.alloc(1_000_001, 'a') : Buffer.from([0, 255])),
      },
    })
    const read = (side: 'old' | 'new') =>
      changes.file(shop.callers.viewer, waiting.shop.runId, { path: 'src/a.js', side })
    expect(await read('old')).toMatchObject({ state: 'binary', text: null })
    expect(await read('new')).toMatchObject({ state: 'too-large', bytes: 1_000_001, text: null })
  })
})

describe('a person with a role in the whole tenant', () => {
  it('sees every project, and one of them where it is asked for', async () => {
    const viewer = clientWith(tenant.authorization.viewer)
    const all = (await viewer.listRuns()).items.map(({ id }) => id)
    expect(all).toEqual(expect.arrayContaining([waiting.shop.runId, waiting.bank.runId]))
    const { items } = await viewer.listRuns({ query: { projectId: bank.id } })
    expect(new Set(items.map(({ projectId }) => projectId))).toEqual(new Set([bank.id]))
  })

  it('sees only what a token is for that was made for one project', async () => {
    const { principal, ...caller } = tenant.callers.owner
    const limited = { ...caller, principal: { ...principal, onlyProjects: [bank.id] } }
    const { items } = await studio.services.runs.list(limited, { limit: 50 })
    expect(new Set(items.map(({ projectId }) => projectId))).toEqual(new Set([bank.id]))
    await expect(studio.services.runs.get(limited, waiting.shop.runId)).rejects.toMatchObject({
      code: 'ATL_DOOR_DENIED',
    })
  })
})

describe('the project of a piece of work', () => {
  const submit = async (changes: { readonly projectId?: string; readonly location?: string }) => {
    const { location = '/srv/vault.git', ...rest } = changes
    const owner = clientWith(tenant.authorization.owner)
    const { runId } = await owner.submitWorkItem({
      body: { ...submission, repository: { location }, ...rest },
    })
    return (await owner.getRun({ params: { runId } })).projectId
  }
  const change = (project: ScratchProject, body: { repositories?: string[]; archived?: boolean }) =>
    clientWith(tenant.authorization.owner).changeProject({ params: { projectId: project.id }, body })

  it('is the one that has the repository, and otherwise the default one', async () => {
    expect(await submit({})).toBe('default')
    await change(bank, { repositories: ['/srv/vault.git'] })
    expect(await submit({})).toBe(bank.id)
    expect(await submit({ location: '/srv/elsewhere' })).toBe('default')
    const preview = clientWith(tenant.authorization.owner).previewWorkItem({
      body: { ...submission, repository: { location: '/srv/vault.git' } },
    })
    expect(await preview).toMatchObject({ projectId: bank.id, estimate: null })
  })

  it('is no other than that, so that nobody reads the code of a project by a run in another', async () => {
    await expect(submit({ projectId: shop.id })).rejects.toMatchObject({
      code: 'ATL_STUDIO_REPOSITORY_OF_OTHER_PROJECT',
    })
    const engineer = clientWith(shop.authorization.engineer)
    const body = { ...submission, repository: { location: '/srv/vault.git' } }
    await expect(engineer.submitWorkItem({ body })).rejects.toMatchObject({ status: 403 })
    await expect(engineer.submitWorkItem({ body: { ...body, projectId: shop.id } })).rejects.toMatchObject({
      code: 'ATL_STUDIO_REPOSITORY_OF_OTHER_PROJECT',
    })
  })

  it('has to be said where two have the repository and one may work in both', async () => {
    await change(shop, { repositories: ['/srv/vault.git'] })
    await expect(submit({})).rejects.toMatchObject({ code: 'ATL_STUDIO_PROJECT_AMBIGUOUS' })
    expect(await submit({ projectId: shop.id })).toBe(shop.id)
    const engineer = clientWith(shop.authorization.engineer)
    const body = { ...submission, repository: { location: '/srv/vault.git' } }
    const { runId } = await engineer.submitWorkItem({ body })
    expect((await engineer.getRun({ params: { runId } })).projectId).toBe(shop.id)
  })

  it('exists and is not archived', async () => {
    await expect(submit({ projectId: 'prj_none', location: '/srv/new' })).rejects.toMatchObject({
      status: 404,
    })
    await change(shop, { archived: true })
    await expect(submit({ projectId: shop.id })).rejects.toMatchObject({
      code: 'ATL_STUDIO_PROJECT_ARCHIVED',
    })
    expect(await submit({})).toBe(bank.id)
    await change(shop, { archived: false, repositories: [] })
  })

  it('is that of the run whose change somebody wants otherwise', async () => {
    const { request } = await tenant.waitingRun(bank)
    const approver = clientWith(bank.authorization.approver)
    const { followUpRunId } = await approver.decideApproval({
      params: { approvalId: request.id },
      body: { verdict: 'changes-requested', reason: 'Smaller, please.', subject: request.subjectDigest },
    })
    const followUp = await approver.getRun({ params: { runId: followUpRunId ?? '' } })
    expect(followUp.projectId).toBe(bank.id)
    // What a project's own runs have used is what its next one is estimated by; those of others say nothing here.
    const owner = clientWith(tenant.authorization.owner)
    const ended = async () => (await owner.getRun({ params: { runId: request.runId } })).endedAt
    await expect.poll(ended, { timeout: 30_000 }).not.toBeNull()
    const estimateIn = async (projectId: string) =>
      (await owner.previewWorkItem({ body: { ...submission, projectId } })).estimate
    expect(await estimateIn(bank.id)).toMatchObject({ runs: 1, delivered: 0 })
    expect(await estimateIn('default')).toBeNull()
  })

  it('has a budget of its own, which holds for its runs', async () => {
    const operator = clientWith(tenant.authorization.operator)
    const params = { level: 'project' as const, subject: bank.id }
    await operator.setBudget({ params, body: { tokens: 5 } })
    const { governance, database } = studio.governed
    const { principal } = tenant.callers.owner
    const scope = { kind: 'tenant', tenantId: tenant.id, principalId: principal.id } as const
    const reserve = ({ runId }: Waiting, { id: projectId }: ScratchProject) => {
      const charge = {
        tenantId: tenant.id,
        projectId,
        runId,
        stepId: 'change',
        actKey: `${runId}/act`,
        attempt: 1,
      }
      const worst = { money: 0, tokens: 6, toolCalls: 0, seconds: 0 }
      return database.transaction(scope, (tx) => governance.ledger.reserve(tx, charge, worst))
    }
    await reserve(waiting.shop, shop)
    await expect(reserve(waiting.bank, bank)).rejects.toMatchObject({ code: 'ATL_BUDGET_EXHAUSTED' })
  })
})
