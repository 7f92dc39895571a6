import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Principal, Tool, ToolContext } from '../contracts/index.ts'
import type { Clock, PrincipalId, ProjectId, RunId, TenantId } from '../kernel/index.ts'
import { digestOf, silentLogger, systemClock } from '../kernel/index.ts'
import type { ApprovalSubject } from '../governance/approvals/index.ts'
import { tenantScope } from '../governance/audit/index.ts'
import type { Limits } from '../governance/budget/index.ts'
import type { ActRequest } from '../governance/door/index.ts'
import { registerPrincipal } from '../governance/identity/index.ts'
import type { Governance, GovernanceOptions } from '../governance/index.ts'
import { createGovernance, governanceMigrations } from '../governance/index.ts'
import type { Migration } from '../store/index.ts'
import { createTestDatabase } from './database.ts'
import type { TenantScope, TestDatabase } from './database.ts'

/** Where the shipped policies stand. */
export const policyLocations = {
  schemaFile: join(import.meta.dirname, '../../policies/schema.cedarschema'),
  folders: [join(import.meta.dirname, '../../policies')],
}

/** A governed studio over a fresh database, with the people, the service and the agent that tests talk about. */
export interface GovernedStudio extends AsyncDisposable {
  readonly governance: Governance
  readonly database: TestDatabase['database']
  readonly testDatabase: TestDatabase
  readonly directory: string
  readonly tenantId: TenantId
  readonly scope: TenantScope
  readonly people: {
    readonly owner: Principal
    readonly reporter: Principal
    readonly approver: Principal
    readonly engineer: Principal
  }
  readonly service: Principal
  readonly agent: Principal
  /** A second process: the same database and directory, nothing else shared. */
  restart(overrides?: Partial<GovernanceOptions>): Promise<Governance>
  /** A run with a mandate of the reporter. */
  openRun(options?: { readonly limits?: Limits; readonly repository?: string }): Promise<RunId>
  /** A request by the studio's service in a run. */
  request(runId: RunId, overrides?: Partial<ActRequest>): ActRequest
  /** The subject of an approval of this tree. */
  subjectOf(tree: string): ApprovalSubject
  /** Asks for an approval of the tree and has the approver give it. */
  approve(runId: RunId, tree: string): Promise<ApprovalSubject>
}

const projectId = 'project' as ProjectId

export interface GovernedStudioOptions extends Partial<GovernanceOptions> {
  /** Of planes above governance that are under test too. */
  readonly migrations?: readonly Migration[]
}

export async function createGovernedStudio({
  migrations = [],
  ...overrides
}: GovernedStudioOptions = {}): Promise<GovernedStudio> {
  const testDatabase = await createTestDatabase({ migrations: [...governanceMigrations, ...migrations] })
  const { database } = testDatabase
  const directory = await mkdtemp(join(tmpdir(), 'atelier-governance-'))
  const { tenantId, principalId } = await testDatabase.createTenant()
  const scope = tenantScope(tenantId, principalId)
  const principal = (kind: Principal['kind'], id: string, roles: Principal['roles'] = []): Principal => ({
    kind,
    id: id as PrincipalId,
    tenantId,
    roles,
    onBehalfOf: undefined,
  })
  const people = {
    owner: principal('person', 'person:owner', ['owner']),
    reporter: principal('person', 'person:reporter', ['engineer']),
    approver: principal('person', 'person:approver', ['approver']),
    engineer: principal('person', 'person:engineer', ['engineer']),
  }
  const service = principal('service', 'service:studio')
  const agent = {
    ...principal('agent', 'agent:zero-token-engineer'),
    onBehalfOf: people.reporter.id,
  }
  await database.transaction(scope, async (tx) => {
    for (const { id, kind, roles } of [...Object.values(people), service, agent]) {
      await registerPrincipal(tx, tenantId, { id, kind, roles, name: id })
    }
  })
  const restart = (more: Partial<GovernanceOptions> = {}): Promise<Governance> =>
    createGovernance({
      database,
      clock: systemClock,
      policies: policyLocations,
      directory,
      osUid: 1000,
      ...overrides,
      ...more,
    })
  const governance = await restart()
  const subjectOf = (tree: string): ApprovalSubject => ({
    plan: digestOf('plan'),
    tree,
    policySet: governance.policy.of(tenantId).digest,
    evidence: digestOf('evidence'),
  })
  return {
    governance,
    database,
    testDatabase,
    directory,
    tenantId,
    scope,
    people,
    service,
    agent,
    restart,
    subjectOf,
    openRun: async ({ limits, repository } = {}) => {
      const runId = `run-${randomUUID()}` as RunId
      const run = { tenantId, projectId, runId, requester: people.reporter, repository }
      await governance.administration.openRun({ ...run, ...(limits && { limits }) })
      return runId
    },
    request: (runId, more = {}) => ({
      principal: service,
      tenantId,
      projectId,
      runId,
      stepId: 'step',
      attempt: 1,
      key: `act-${randomUUID()}`,
      resource: 'workspace:test',
      context: { isolation: 'namespaces' },
      deadlineMs: 10_000,
      signal: new AbortController().signal,
      logger: silentLogger,
      report: () => undefined,
      ...more,
    }),
    approve: async (runId, tree) => {
      const subject = subjectOf(tree)
      const asked = await database.transaction(scope, (tx) =>
        governance.approvals.request(tx, {
          tenantId,
          projectId,
          runId,
          stepId: 'approval',
          requester: service,
          subject,
          question: { tree },
          expiresInMs: 60_000,
        }),
      )
      await governance.approvals.decide({
        tenantId,
        requestId: asked.id,
        principal: people.approver,
        verdict: 'approved',
        reason: 'looks right',
      })
      return subject
    },
    [Symbol.asyncDispose]: async () => {
      await testDatabase.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const free = { money: 0, tokens: 0, toolCalls: 1, seconds: 0 }

/** A tool that answers `{ text }` with what `perform` makes of it. */
export function echoTool(
  perform: (text: string, context: ToolContext) => unknown = (text) => text,
  overrides: Partial<Tool<{ text: string }, { text: string }>> = {},
): Tool<{ text: string }, { text: string }> {
  return {
    name: 'test.echo',
    summary: 'Answers what it is given.',
    input: z.strictObject({ text: z.string() }),
    output: z.strictObject({ text: z.string() }),
    effect: 'workspace',
    permissions: [],
    failureModes: [],
    worstCase: free,
    perform: async ({ text }, context) => ({ text: (await perform(text, context)) as string }),
    ...overrides,
  }
}

/** The world outside: remembers every effect by its idempotency key. */
export interface World {
  readonly effects: string[]
  /** What `repository.publish` does before it answers. */
  onPublish: (key: string) => Promise<void>
}

/** `repository.publish` on a world that tests can look at. */
export function publishTool(world: World): Tool<{ tree: string }, { branch: string }> {
  return {
    name: 'repository.publish',
    summary: 'Publishes a tree.',
    input: z.strictObject({ tree: z.string() }),
    output: z.strictObject({ branch: z.string() }),
    effect: 'external-reversible',
    permissions: ['repository:push'],
    failureModes: [],
    worstCase: free,
    approvedTree: ({ tree }) => tree,
    perform: async ({ tree }, { idempotencyKey }) => {
      world.effects.push(`${idempotencyKey} ${tree}`)
      await world.onPublish(idempotencyKey)
      return { branch: `atelier/${tree}` }
    },
    recover: ({ tree }, { idempotencyKey }) =>
      Promise.resolve(
        world.effects.includes(`${idempotencyKey} ${tree}`) ? { branch: `atelier/${tree}` } : undefined,
      ),
  }
}

export function createWorld(): World {
  return { effects: [], onPublish: () => Promise.resolve() }
}

/** A clock that stands still until it is moved. */
export function movableClock(start = Date.now()): Clock & { advance(ms: number): void } {
  let now = start
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
  }
}
