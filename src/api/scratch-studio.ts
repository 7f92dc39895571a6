import type { Caller, Principal, Role } from '../contracts/index.ts'
import { operations } from '../contracts/api/index.ts'
import { createEngine, type Engine, engineMigrations, type StepExecutor } from '../engine/index.ts'
import { readAnswer } from '../control/questions/index.ts'
import { readMandate } from '../governance/identity/index.ts'
import { registerPrincipal } from '../governance/index.ts'
import type { ApprovalRequest } from '../governance/approvals/index.ts'
import {
  defaultProject,
  digestOf,
  type PrincipalId,
  type ProjectId,
  type RunId,
  silentLogger,
  type TenantId,
} from '../kernel/index.ts'
import { createGovernedStudio, type GovernedStudio } from '../testing/index.ts'
import { type ApiServer, createHandlers, startApiServer } from './http/index.ts'
import { apiMigrations } from './migrations.ts'
import { openScratchServices } from './scratch-services.ts'
import { scratchOutputs } from './scratch-workflow.ts'
import { workshopMigrations } from './scratch-workshop.ts'
import { createServices, type Services } from './services/index.ts'

const roles = [
  'viewer',
  'engineer',
  'approver',
  'operator',
  'security',
  'owner',
] as const satisfies readonly Role[]

/** A tenant with one person for each role, and one who asks for work. */
export interface ScratchTenant {
  readonly id: TenantId
  /** `Authorization` by the name of a role, or of `requester`. */
  readonly authorization: Readonly<Record<Role | 'requester' | 'reader', string>>
  readonly callers: Readonly<Record<Role | 'requester', Caller>>
  /** A run that waits for an answer. */
  askingRun(): Promise<RunId>
  /** A run that waits for approval, and what it waits for; of the default project when none is named. */
  waitingRun(project?: ScratchProject): Promise<{ readonly runId: RunId; readonly request: ApprovalRequest }>
  /** A project with one person for each role who has it in this project and nowhere else. */
  createProject(name: string): Promise<ScratchProject>
}

interface ScratchProject {
  readonly id: ProjectId
  /** `Authorization` by the name of a role. */
  readonly authorization: Readonly<Record<Role, string>>
  readonly callers: Readonly<Record<Role, Caller>>
}

/** A studio over a real database, whose runs are real and whose steps answer at once. */
export interface ScratchStudio extends AsyncDisposable {
  readonly url: string
  readonly server: ApiServer
  readonly services: Services
  readonly governed: GovernedStudio
  readonly engine: Engine
  createTenant(): Promise<ScratchTenant>
}

export async function createScratchStudio(): Promise<ScratchStudio> {
  const governed = await createGovernedStudio({
    migrations: [...engineMigrations, ...workshopMigrations, ...apiMigrations],
  })
  const { database, testDatabase } = governed
  const engine = createEngine({ database, logger: silentLogger, executors: executorsOf(governed) })
  await engine.launch()
  const services = createServices(await openScratchServices(governed, engine))
  const callers = new Map<string, Caller>()
  const server = await startApiServer({
    operations,
    handlers: createHandlers(services),
    authenticator: {
      authenticate: ({ authorization = '' }) => Promise.resolve(callers.get(authorization)),
      changed: () => Promise.resolve(new Set()),
    },
    database,
    logger: silentLogger,
    version: '0.0.0',
    listen: { host: '127.0.0.1', port: 0 },
    checkReady: () => services.health.check(),
    limits: { requestsPerMinute: 100_000, anonymousPerMinute: 100_000 },
  })
  return {
    url: server.url,
    server,
    services,
    governed,
    engine,
    createTenant: async () => {
      const { tenantId } = await testDatabase.createTenant()
      return prepareTenant(tenantId, { governed, services, callers })
    },
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 })
      await engine.shutdown({ graceMs: 0 })
      await governed[Symbol.asyncDispose]()
    },
  }
}

interface Surroundings {
  readonly governed: GovernedStudio
  readonly services: Services
  readonly callers: Map<string, Caller>
}

async function prepareTenant(
  tenantId: TenantId,
  { governed, services, callers }: Surroundings,
): Promise<ScratchTenant> {
  const { database, governance } = governed
  const scope = { kind: 'tenant', tenantId, principalId: 'person:owner' as PrincipalId } as const
  const people = [...roles.map((role) => [role, role] as const), ['requester', 'engineer'] as const]
  const callerOf = (name: string, role: Role): Caller => {
    const id = `person:${name}` as PrincipalId
    const principal: Principal = { kind: 'person', id, tenantId, roles: [role], onBehalfOf: undefined }
    return { principal, via: 'token', credentialId: `token-of-${name}`, scopes: 'all' }
  }
  const own = Object.fromEntries(people.map(([name, role]) => [name, callerOf(name, role)]))
  await database.transaction(scope, async (tx) => {
    for (const [name, role] of people)
      await registerPrincipal(tx, tenantId, {
        id: `person:${name}` as PrincipalId,
        kind: 'person',
        name,
        roles: [role],
      })
    const id = 'service:studio' as PrincipalId
    await registerPrincipal(tx, tenantId, { id, kind: 'service', name: 'Studio', roles: [] })
    const project = { tenant_id: tenantId, id: defaultProject, principal_id: scope.principalId }
    await tx
      .insertInto('projects')
      .values({ ...project, name: 'Default', settings: '{}' })
      .execute()
  })
  const authorization: Record<string, string> = {}
  for (const [name, caller] of Object.entries(own)) {
    authorization[name] = `Bearer ${tenantId}/${name}`
    callers.set(`Bearer ${tenantId}/${name}`, caller)
  }
  authorization['reader'] = `Bearer ${tenantId}/reader`
  callers.set(authorization['reader'], { ...callerOf('owner', 'owner'), scopes: ['read-nothing'] })
  const named = own as ScratchTenant['callers']
  const submit = async (kind: 'format' | 'lint-fix', project?: ScratchProject): Promise<RunId> => {
    const body = {
      issue: { title: 'Tidy up', body: 'Please.' },
      repository: { location: '/srv/sample' },
      task: { kind, paths: [] },
      labels: [],
      projectId: project?.id,
    }
    const how = { source: 'api', key: undefined } as const
    const { runId } = await services.workItems.submit(named.requester, body, how)
    for await (const { kind } of await services.runs.watch(named.requester, runId, { follow: true }))
      if (kind === 'run-waiting') break
    return runId
  }
  return {
    id: tenantId,
    authorization: authorization as ScratchTenant['authorization'],
    callers: named,
    askingRun: () => submit('lint-fix'),
    createProject: (name) => prepareProject({ tenantId, name }, { governed, services, callers }),
    waitingRun: async (project) => {
      const runId = await submit('format', project)
      const [request] = await database.transaction(scope, (tx) =>
        governance.approvals.ofRun(tx, tenantId, runId),
      )
      if (request === undefined) throw new Error('the run asked nobody')
      return { runId, request }
    },
  }
}

async function prepareProject(
  { tenantId, name }: { readonly tenantId: TenantId; readonly name: string },
  { governed: { database }, callers }: Surroundings,
): Promise<ScratchProject> {
  const id = `prj_${name}` as ProjectId
  const authorization: Partial<Record<Role, string>> = {}
  const own: Partial<Record<Role, Caller>> = {}
  const scope = { kind: 'tenant', tenantId, principalId: 'person:owner' as PrincipalId } as const
  await database.transaction(scope, async (tx) => {
    await tx
      .insertInto('projects')
      .values({ tenant_id: tenantId, id, principal_id: scope.principalId, name, settings: '{}' })
      .execute()
    for (const role of roles) {
      const person = `person:${name}-${role}` as PrincipalId
      await registerPrincipal(tx, tenantId, {
        id: person,
        kind: 'person',
        name: `${name} ${role}`,
        roles: [],
      })
      await tx
        .insertInto('project_roles')
        .values({ tenant_id: tenantId, principal_id: person, project_id: id, role, source: 'given' })
        .execute()
      const principal: Principal = {
        ...{ kind: 'person', id: person, tenantId, roles: [], onBehalfOf: undefined },
        projectRoles: { [id]: [role] },
      }
      const caller: Caller = { principal, via: 'token', credentialId: `token-of-${person}`, scopes: 'all' }
      own[role] = caller
      authorization[role] = `Bearer ${tenantId}/${name}/${role}`
      callers.set(authorization[role], caller)
    }
  })
  return {
    id,
    authorization: authorization as ScratchProject['authorization'],
    callers: own as ScratchProject['callers'],
  }
}

/** Steps that answer what was prepared, and one that really asks people. */
function executorsOf({ governance, database }: GovernedStudio): Record<string, StepExecutor> {
  const prepared: StepExecutor = {
    execute: (step) => {
      step.emit({ kind: 'log', data: { line: `doing ${step.stepId}` } })
      return Promise.resolve({ kind: 'succeeded', output: scratchOutputs[step.stepId] ?? null })
    },
  }
  const approval: StepExecutor = {
    execute: async ({ tenantId, runId, stepId, principalId }) => {
      const studio = 'service:studio' as PrincipalId
      await database.transaction({ kind: 'tenant', tenantId, principalId }, async (tx) =>
        governance.approvals.request(tx, {
          tenantId,
          projectId: (await readMandate(tx, tenantId, runId)).projectId,
          runId,
          stepId,
          requester: { kind: 'service', id: studio, tenantId, roles: [], onBehalfOf: undefined },
          subject: {
            plan: digestOf('plan'),
            tree: 'tree',
            policySet: governance.policy.of(tenantId).digest,
            evidence: digestOf('evidence'),
          },
          question: {},
          expiresInMs: 3_600_000,
        }),
      )
      return { kind: 'waiting', reason: 'a person decides' }
    },
  }
  const agent: StepExecutor = {
    execute: async ({ tenantId, runId, principalId }) => {
      const id = `${runId}:call-1`
      const answer = await database.transaction({ kind: 'tenant', tenantId, principalId }, (tx) =>
        readAnswer(tx, tenantId, id),
      )
      if (answer?.text === 'Fail.') throw new Error('as it was told')
      if (answer !== undefined) return { kind: 'succeeded', output: { ...answer } }
      const [askedAt, expiresAt] = ['2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z']
      const question = { id, question: 'Up or down?', why: 'Both fit.', options: ['up', 'down'] }
      const payload = { ...question, askedBy: 'agent:asker', askedAt, expiresAt }
      return { kind: 'waiting', reason: 'a person answers', payload }
    },
  }
  return { tool: prepared, compute: prepared, validation: prepared, agent, approval }
}
