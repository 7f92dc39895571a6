import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../../contracts/api/index.ts'
import type { Caller, Principal } from '../../../contracts/index.ts'
import { engineMigrations } from '../../../engine/index.ts'
import { registerPrincipal, verifyLedger } from '../../../governance/index.ts'
import { silentLogger, systemClock } from '../../../kernel/index.ts'
import type { PrincipalId } from '../../../kernel/index.ts'
import { createGovernedStudio, echoTool } from '../../../testing/index.ts'
import type { GovernedStudio } from '../../../testing/index.ts'
import { openWorkshop, shippedWorkflows, workshopMigrations } from '../../scratch-workshop.ts'
import { createClient } from '../../client/index.ts'
import type { Client } from '../../client/index.ts'
import { Access } from '../../services/access.ts'
import { AuditService } from '../../services/audit.ts'
import { BudgetService } from '../../services/budgets.ts'
import { InstallationService } from '../../services/installation.ts'
import { PolicyService } from '../../services/policies.ts'
import { ProjectService } from '../../services/projects.ts'
import { RightsService } from '../../services/rights.ts'
import { WorkflowService } from '../../services/workflows.ts'
import { WorkshopService } from '../../services/workshop.ts'
import { addAuditExport } from '../audit-export.ts'
import { addMetrics } from '../metrics.ts'
import { httpMigrations } from '../migrations.ts'
import type { ApiServer } from '../server.ts'
import { startApiServer } from '../server.ts'
import { auditHandlers } from './audit.ts'
import { budgetHandlers } from './budgets.ts'
import { installationHandlers } from './installation.ts'
import { policyHandlers } from './policies.ts'
import { projectHandlers } from './projects.ts'
import { workflowHandlers } from './workflows.ts'
import { workshopHandlers } from './workshop.ts'

let studio: GovernedStudio
let server: ApiServer
let folder: string
/** By the name of the person. */
let clients: Record<'owner' | 'security' | 'approver' | 'engineer' | 'viewer' | 'stranger', Client>

async function getText(path: string, name: string): Promise<string> {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${name}` } })
  return response.text()
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-resources-'))
  studio = await createGovernedStudio({
    migrations: [...engineMigrations, ...workshopMigrations, ...httpMigrations],
  })
  const { database, governance, people, tenantId, scope } = studio
  const person = (name: string, roles: Principal['roles']): Principal => ({
    ...people.owner,
    id: `person:${name}` as PrincipalId,
    roles,
  })
  const other = await studio.testDatabase.createTenant('Other')
  const principals: Record<keyof typeof clients, Principal> = {
    owner: people.owner,
    approver: people.approver,
    engineer: people.engineer,
    security: person('security', ['security']),
    viewer: person('viewer', ['viewer']),
    stranger: { ...people.owner, tenantId: other.tenantId, id: other.principalId },
  }
  await database.transaction(scope, async (tx) => {
    for (const { id, kind, roles } of [principals.security, principals.viewer])
      await registerPrincipal(tx, tenantId, { id, kind, roles, name: id })
  })
  const below = {
    ...governance,
    ...(await openWorkshop(studio, folder)),
    database,
    clock: systemClock,
    logger: silentLogger,
  }
  const access = new Access(below)
  const audit = new AuditService(below, access)
  const installation = new InstallationService(below, access)
  const handlers = {
    ...auditHandlers({ audit }),
    ...budgetHandlers({ budgets: new BudgetService(below, access) }),
    ...installationHandlers({ installation }),
    ...policyHandlers({ policies: new PolicyService(below, access) }),
    ...projectHandlers({ projects: new ProjectService(below, access, new RightsService(access)) }),
    ...workflowHandlers({ workflows: new WorkflowService(below, access) }),
    ...workshopHandlers({ workshop: new WorkshopService(below, access) }),
  }
  const served = Object.fromEntries(Object.entries(operations).filter(([id]) => Object.hasOwn(handlers, id)))
  const callers = new Map(
    Object.entries(principals).map(([name, principal]): [string, Caller] => [
      name,
      { principal, via: 'token', credentialId: name, scopes: 'all' },
    ]),
  )
  server = await startApiServer({
    operations: served,
    handlers,
    authenticator: {
      authenticate: ({ authorization }) =>
        Promise.resolve(callers.get(authorization?.replace('Bearer ', '') ?? '')),
      changed: () => Promise.resolve(new Set()),
    },
    database,
    logger: silentLogger,
    version: '0.0.0',
    listen: { host: '127.0.0.1', port: 0 },
    checkReady: () => Promise.resolve(),
    extensions: [(app) => addAuditExport(app, { audit }), (app) => addMetrics(app, { installation })],
  })
  const clientOf = (name: string): Client =>
    createClient({ baseUrl: server.url, headers: { authorization: `Bearer ${name}` } })
  clients = {
    owner: clientOf('owner'),
    security: clientOf('security'),
    approver: clientOf('approver'),
    engineer: clientOf('engineer'),
    viewer: clientOf('viewer'),
    stranger: clientOf('stranger'),
  }
  const runId = await studio.openRun()
  for (let index = 0; index < 3; index += 1)
    await governance.door.act(echoTool(), { text: `${index}` }, studio.request(runId))
})

afterAll(async () => {
  await server.close({ graceMs: 0 })
  await studio[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const denied = { problem: { code: 'ATL_DOOR_DENIED', status: 403 } }

describe('policies', () => {
  it('are shown with their tests, which hold', async () => {
    const { policies, schema } = await clients.viewer.getPolicies()
    expect(policies.find(({ id }) => id === 'guardrails/tenant-isolation')).toMatchObject({
      source: 'guardrails.cedar',
      shipped: true,
    })
    expect(schema).toContain('namespace Atelier')
    const { files } = await clients.viewer.testPolicies()
    expect(files.flatMap(({ results }) => results.filter(({ passed }) => !passed))).toEqual([])
  })

  it('go from a draft over a simulation to being in force, by two people', async () => {
    const text = `@id("acme/no-echo")\nforbid (principal, action == Atelier::Action::"use-workspace-tool", resource)\nwhen { context.tool == "test.echo" };\n`
    const broken = await clients.viewer.checkPolicy({
      body: { name: 'echo', text: text.replace('tool ==', 'tol ==') },
    })
    expect(broken).toMatchObject({ ok: false, problems: [{ line: 3 }] })
    await expect(clients.engineer.simulatePolicy({ body: { name: 'echo', text } })).rejects.toMatchObject(
      denied,
    )
    const simulation = await clients.security.simulatePolicy({ body: { name: 'echo', text } })
    expect(simulation).toMatchObject({ blocked: { count: 3 }, notReplayed: 0, cutOff: false })
    const { digest } = await clients.security.savePolicyDraft({ params: { name: 'echo' }, body: { text } })
    const rehearsed = await clients.security.rehearsePolicy({ params: { name: 'echo' }, body: {} })
    expect(rehearsed.rehearsal?.simulation?.blocked.count).toBe(3)
    const approval = { params: { name: 'echo' }, body: { digest, verdict: 'approved' as const } }
    await expect(clients.security.decidePolicy(approval)).rejects.toMatchObject(denied)
    expect((await clients.owner.decidePolicy(approval)).state).toBe('in-force')
    const inForce = await clients.viewer.getPolicies()
    expect(inForce.policies.at(-1)).toMatchObject({ id: 'acme/no-echo', shipped: false, source: 'echo' })
    expect((await clients.stranger.getPolicies()).policies.map(({ id }) => id)).not.toContain('acme/no-echo')
    expect((await clients.stranger.listOwnPolicies()).items).toEqual([])
  })
})

describe('the audit log', () => {
  it('is read page by page, filtered, and with its neighbours', async () => {
    const { owner, viewer } = clients
    await expect(viewer.listAuditRecords()).rejects.toMatchObject(denied)
    const seen: number[] = []
    let after: string | undefined
    do {
      const page = await owner.listAuditRecords({ query: { limit: 4, ...(after && { after }) } })
      seen.push(...page.items.map(({ seq }) => seq))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a))
    expect(seen.at(-1)).toBe(1)
    const acts = await owner.listAuditRecords({ query: { action: 'tool:test.echo', outcome: 'succeeded' } })
    expect(acts.items).toHaveLength(3)
    const denials = await owner.listAuditRecords({ query: { outcome: 'denied', text: 'READ-AUDIT' } })
    expect(denials.items).toMatchObject([{ principalId: 'person:viewer' }])
    const none = await owner.listAuditRecords({ query: { until: '2020-01-01T00:00:00Z' } })
    expect(none).toEqual({ items: [], next: null })
    const since = acts.items.at(-1)?.time ?? ''
    const recent = await owner.listAuditRecords({
      query: { since, action: 'tool:test.echo', outcome: 'succeeded' },
    })
    expect(recent.items).toHaveLength(3)
    const [, middle] = acts.items
    const { record, before, after: later } = await owner.getAuditRecord({ params: { seq: middle?.seq ?? 0 } })
    expect(record).toEqual(middle)
    expect([before.at(-1)?.seq, later[0]?.seq]).toEqual([record.seq - 1, record.seq + 1])
    await expect(owner.getAuditRecord({ params: { seq: 999_999 } })).rejects.toMatchObject({
      problem: { code: 'ATL_AUDIT_UNKNOWN_RECORD' },
    })
    expect((await clients.stranger.listAuditRecords()).items).toEqual([])
  })

  it('is checked and exported', async () => {
    const found = await collect(clients.owner.checkAuditChain())
    expect(found.at(-1)).toMatchObject({ kind: 'report', ok: true, problems: [] })
    const lines = (await getText('/api/v1/audit/export', 'owner')).trimEnd().split('\n')
    expect(JSON.parse(lines[0]!)).toMatchObject({ format: 'atelier-audit/1', tenantId: studio.tenantId })
    expect(lines.join('\n')).toContain('tool:test.echo')
    expect(await getText('/api/v1/audit/export', 'viewer')).toContain('ATL_DOOR_DENIED')
  })
})

describe('budgets', () => {
  it('show what is spent, by whom, and how long it lasts; limits are set by operators', async () => {
    const { owner, engineer, viewer } = clients
    await expect(viewer.listBudgets()).rejects.toMatchObject(denied)
    const { items } = await engineer.listBudgets()
    expect(items.find(({ level }) => level === 'tenant')?.units.toolCalls.spent).toBeGreaterThanOrEqual(3)
    const limit = { params: { level: 'project' as const, subject: 'project' }, body: { money: 5_000_000 } }
    await expect(engineer.setBudget(limit)).rejects.toMatchObject(denied)
    expect((await owner.setBudget(limit)).units.money.limit).toBe(5_000_000)
    const runs = await engineer.listRunBudgets({ query: { limit: 1 } })
    expect(runs.items[0]).toMatchObject({ level: 'run', projectId: 'project' })
    const first = await engineer.listLedger({ query: { limit: 2 } })
    const second = await engineer.listLedger({ query: { limit: 2, after: first.next ?? '' } })
    expect(second.items[0]?.seq).toBeLessThan(first.items[1]?.seq ?? 0)
    for (const by of ['project', 'agent', 'tool', 'model'] as const) {
      const burn = await engineer.getBurn({ query: { by } })
      expect(burn.items).toHaveLength(by === 'model' ? 0 : 1)
    }
    const outlook = await engineer.getBudgetOutlook({ query: { projectId: 'project' } })
    expect(outlook).toMatchObject({ left: 5_000_000, forecast: { kind: 'too-little-data' } })
    expect(outlook.days).toHaveLength(28)
    const { database, scope, tenantId } = studio
    expect((await database.transaction(scope, (tx) => verifyLedger(tx, tenantId))).ok).toBe(true)
  })
})

describe('workflows', () => {
  const params = { name: 'format' }
  const next = shippedWorkflows.format.replace(
    /^version: (\d+)/m,
    (_line, version) => `version: ${Number(version) + 1}`,
  )

  it('are checked as they are typed, with the place and what to do', async () => {
    const check = async (text: string) =>
      (await clients.viewer.checkWorkflow({ params, body: { text } })).problems
    expect(await check(next)).toEqual([])
    expect(await check(shippedWorkflows.format)).toMatchObject([
      { remedy: expect.stringContaining('version:') as string },
    ])
    expect(await check(`${next}\n  x: [`)).toMatchObject([{ line: expect.any(Number) as number }])
    const [unknown] = await check(next.replace(/uses: \S+/, 'uses: no.such-tool'))
    expect(unknown?.message).toContain('no.such-tool')
    await expect(
      clients.viewer.checkWorkflow({ params: { name: 'unheard-of' }, body: { text: next } }),
    ).rejects.toMatchObject({ problem: { code: 'ATL_WORKFLOWS_UNKNOWN' } })
  })

  it('start the tenant’s runs once another person approved them', async () => {
    const { engineer, approver, viewer, stranger } = clients
    await expect(viewer.saveWorkflowDraft({ params, body: { text: next } })).rejects.toMatchObject(denied)
    const saved = await engineer.saveWorkflowDraft({ params, body: { text: next } })
    expect(saved.draft?.diff).toContain('+version:')
    const digest = saved.draft?.draft.digest ?? ''
    const approval = { params, body: { digest, verdict: 'approved' as const } }
    await expect(engineer.decideWorkflow(approval)).rejects.toMatchObject(denied)
    const decided = await approver.decideWorkflow(approval)
    expect(decided).toMatchObject({ text: next, own: { state: 'in-force' }, draft: null })
    const own = async (client: Client) =>
      (await client.listWorkflows()).items.filter((workflow) => workflow.own !== null).map(({ name }) => name)
    expect([await own(viewer), await own(stranger)]).toEqual([['format'], []])
    const back = await engineer.saveWorkflowDraft({ params, body: { text: '' } })
    const retired = await approver.decideWorkflow({
      params,
      body: { digest: back.draft?.draft.digest ?? '', verdict: 'approved' },
    })
    expect(retired).toMatchObject({ text: shippedWorkflows.format, own: null })
  })

  it('with problems are not approved', async () => {
    const { engineer, approver } = clients
    const saved = await engineer.saveWorkflowDraft({ params, body: { text: 'name: format\n' } })
    await expect(
      approver.decideWorkflow({
        params,
        body: { digest: saved.draft?.draft.digest ?? '', verdict: 'approved' },
      }),
    ).rejects.toMatchObject({ problem: { code: 'ATL_WORKFLOWS_NOT_READY' } })
  })
})

describe('what work is done with', () => {
  it('is listed', async () => {
    const { viewer } = clients
    const agents = (await viewer.listAgents()).items
    expect(agents.find(({ name }) => name === 'zero-token-engineer')).toMatchObject({
      playedBy: 'tool',
      workflows: ['deliver'],
    })
    const tools = (await viewer.listTools()).items
    expect(tools.find(({ name }) => name === 'repository.publish')).toMatchObject({
      effect: 'external-reversible',
      input: { type: 'object' },
    })
    expect((await viewer.listToolServers()).items).toEqual([])
    expect((await viewer.getRoutingReport()).pieces).toBe(0)
  })

  it('includes models, whose routes operators shift and take back', async () => {
    const { owner, engineer } = clients
    const { routes, models } = await engineer.getModels()
    expect(models.length).toBeGreaterThan(3)
    const [route] = routes
    const target = route?.targets[0]?.model ?? ''
    const params = { route: route?.name ?? '' }
    const shift = { params, body: { weights: { [target]: 7 }, reason: 'canary' } }
    await expect(engineer.setRouteWeights(shift)).rejects.toMatchObject(denied)
    const shifted = (await owner.setRouteWeights(shift)).routes.find(({ name }) => name === params.route)
    expect(shifted).toMatchObject({
      targets: [{ weight: 7 }],
      shifted: { by: 'person:owner', reason: 'canary' },
    })
    const back = await owner.resetRouteWeights({ params, body: { reason: 'done' } })
    expect(back.routes.find(({ name }) => name === params.route)).toEqual(route)
    await expect(
      owner.setRouteWeights({ params, body: { weights: { nothing: 1 }, reason: 'x' } }),
    ).rejects.toMatchObject({ problem: { code: 'ATL_MODEL_WEIGHTS_INVALID' } })
  })
})

describe('projects', () => {
  it('are created, changed and archived', async () => {
    const { owner, engineer, stranger } = clients
    const body = { name: 'Shop', repositories: ['/srv/shop'] }
    await expect(engineer.createProject({ body })).rejects.toMatchObject(denied)
    const { id } = await owner.createProject({ body })
    const params = { projectId: id }
    const changed = await owner.changeProject({ params, body: { description: 'Sells', archived: true } })
    expect(changed).toMatchObject({
      ...body,
      description: 'Sells',
      archived: true,
      createdBy: 'person:owner',
    })
    const ids = async (archived: boolean) =>
      (await engineer.listProjects({ query: { archived } })).items.map((project) => project.id)
    expect([(await ids(false)).includes(id), (await ids(true)).includes(id)]).toEqual([false, true])
    for (const client of [stranger, owner])
      await expect(
        client.getProject({ params: client === owner ? { projectId: 'prj_none' } : params }),
      ).rejects.toMatchObject({ problem: { code: 'ATL_STUDIO_PROJECT_UNKNOWN' } })
  })
})

describe('the installation', () => {
  it('shows its health to those who run it, and the flow of work to all', async () => {
    const { owner, engineer, viewer } = clients
    await expect(engineer.getHealth()).rejects.toMatchObject(denied)
    expect(await owner.getHealth()).toMatchObject({
      ok: true,
      checks: [{ name: 'runtime' }, { name: 'database', ok: true }],
      load: { runs: { running: 0 }, oldestQuestion: null },
      executors: [],
    })
    expect(await getText('/metrics', 'owner')).toContain('\natelier_runs_active{status="running"} 0\n')
    expect(await getText('/metrics', 'engineer')).toContain('ATL_DOOR_DENIED')
    expect(await viewer.getFlow()).toMatchObject({ acceptance: null, runs: [], moneyPerAcceptedChange: null })
  })
})
