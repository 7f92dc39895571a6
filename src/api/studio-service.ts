import { z } from 'zod'
import {
  type Principal,
  type RunEventView,
  type RunView,
  type Submission,
  submissionSchema,
  type WorkItem,
  type WorkKind,
} from '../contracts/index.ts'
import {
  AtelierError,
  type Clock,
  createId,
  digestOf,
  type Logger,
  type PrincipalId,
  type RunId,
  type TenantId,
} from '../kernel/index.ts'
import {
  type Engine,
  engineErrors,
  type JsonObject,
  type RunRecord,
  type TenantScope,
} from '../engine/index.ts'
import {
  type Administration,
  type Approvals,
  type Door,
  digestOfSubject,
  findPrincipal,
  type Ledger,
  type Limits,
  type PolicyEngine,
  registerPrincipal,
  seededIdentities,
  tenantScope,
} from '../governance/index.ts'
import { readTask } from '../control/intake/index.ts'
import { giveAnswer, questionErrors } from '../control/questions/index.ts'
import type { Database } from '../store/index.ts'
import { approvalOutput } from '../workflow/delivery/index.ts'
import { authoriseReading } from './code-authorisation.ts'
import { type CodeQueries, type CodeServices, createCodeQueries } from './code-queries.ts'
import { apiErrors } from './errors.ts'
import { createRoutingQueries, type RoutingQueries, type RoutingQueryServices } from './routing-queries.ts'
import { openQuestionOf, summariseRun, viewEvent, viewRun } from './run-report.ts'
import type { AuditReport, Decision, Page, Reply, Studio } from './studio.ts'
import { createToolServers, type ToolServers, type ToolServerServices } from './tool-servers.ts'

export interface StudioServices {
  readonly database: Database
  readonly engine: Engine
  readonly administration: Administration
  readonly approvals: Approvals
  readonly door: Door
  readonly ledger: Ledger
  readonly policy: PolicyEngine
  readonly clock: Clock
  /** Source of the workflow for each kind of work. */
  readonly workflows: Readonly<Record<WorkKind, unknown>>
  /** The most one run may use. */
  readonly runLimits: Limits
  readonly openSource: CodeServices['openSource']
  readonly indexer: CodeServices['indexer']
  readonly background: CodeServices['background']
  readonly routing: Pick<RoutingQueryServices, 'policy' | 'unavailable' | 'view'>
  readonly mcp: ToolServerServices['mcp']
  readonly logger: Logger
  exportEvidence(scope: TenantScope, runId: RunId): Promise<unknown>
  verifyRecords(scope: TenantScope): Promise<AuditReport>
  /** Ends what this process keeps warm for a run. */
  readonly releaseRun: (run: { readonly tenantId: TenantId; readonly runId: RunId }) => Promise<void>
  /** Stops what belongs to this process. */
  close(): Promise<void>
}

const { tenant: tenantId, project: projectId, owner } = seededIdentities

/** The studio in this process, for its one tenant. */
export function createStudio(services: StudioServices): Studio {
  return new EmbeddedStudio(services)
}

class EmbeddedStudio implements Studio {
  readonly #services: StudioServices
  readonly #scope: TenantScope = tenantScope(tenantId, owner)
  readonly code: CodeQueries
  readonly routing: RoutingQueries
  readonly toolServers: ToolServers

  constructor(services: StudioServices) {
    this.#services = services
    this.code = createCodeQueries({
      database: services.database,
      indexer: services.indexer,
      background: services.background,
      openSource: services.openSource,
      authorise: async (name, place) => authoriseReading(services, await this.#person(name), place),
    })
    this.routing = createRoutingQueries({
      ...services.routing,
      database: services.database,
      clock: services.clock,
      authorise: (by) => this.#readsProject(by),
    })
    this.toolServers = createToolServers({ ...services, person: (name) => this.#person(name) })
  }

  async submit(submission: Submission): Promise<{ readonly runId: string }> {
    const parsed = submissionSchema.safeParse(submission)
    if (!parsed.success) throw apiErrors.INVALID_SUBMISSION({ detail: z.prettifyError(parsed.error) })
    const { issue, repository, testCommand, task, labels, reporter, idempotencyKey } = parsed.data
    const actor = personId(reporter)
    const runId = runIdFor(idempotencyKey)
    const workItem: WorkItem = {
      id: runId.replace(/^run_/, 'work_'),
      ...issue,
      source: 'cli',
      reporter: actor,
      repository,
      ...(testCommand === undefined ? {} : { testCommand }),
      ...(task === undefined ? readTask(issue.title) : { task }),
      labels,
      createdAt: new Date(this.#services.clock.now()).toISOString(),
    }
    await this.#registerReporter(actor, reporter)
    await this.#services.administration.openRun({
      tenantId,
      projectId,
      runId,
      requester: await this.#person(reporter),
      repository: repository.location,
      limits: this.#services.runLimits,
    })
    await this.#record(workItem, actor)
    await this.#services.engine.startRun(tenantScope(tenantId, actor), {
      definition: { source: this.#services.workflows[workItem.task.kind] },
      inputs: { workItem: toJson(workItem) },
      runId,
    })
    return { runId }
  }

  async #record(workItem: WorkItem, actor: PrincipalId): Promise<void> {
    await this.#services.database.transaction(tenantScope(tenantId, actor), (tx) =>
      tx
        .insertInto('work_items')
        .values({
          tenant_id: tenantId,
          id: workItem.id,
          principal_id: actor,
          project_id: projectId,
          title: workItem.title,
          body: workItem.body,
          source: workItem.source,
          repository: JSON.stringify(workItem.repository),
          test_command: workItem.testCommand ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    )
  }

  async listRuns(query: { readonly limit: number; readonly after?: string }): ReturnType<Studio['listRuns']> {
    const page = await this.#services.engine.listRuns(this.#scope, { topLevel: true, ...query })
    return { items: page.items.map(summariseRun), next: page.next } satisfies Page<unknown>
  }

  async getRun(name: string): Promise<RunView> {
    const runId = await this.#resolve(name)
    const { engine, approvals, ledger, database, clock } = this.#services
    const [run, steps, facts] = await Promise.all([
      engine.getRun(this.#scope, runId),
      engine.listSteps(this.#scope, runId),
      database.transaction(this.#scope, async (tx) => ({
        approvals: await approvals.ofRun(tx, tenantId, runId),
        balances: await ledger.balances(tx, tenantId, runId),
      })),
    ])
    const spent = facts.balances.find(({ level }) => level === 'run')?.units
    return viewRun({
      run,
      steps,
      approvals: facts.approvals,
      cost: {
        money: spent?.money.spent ?? 0,
        tokens: spent?.tokens.spent ?? 0,
        toolCalls: spent?.toolCalls.spent ?? 0,
        seconds: spent?.seconds.spent ?? 0,
      },
      now: clock.now(),
    })
  }

  async *watchRun(
    name: string,
    options: { readonly afterSequence?: number; readonly follow: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEventView> {
    const runId = await this.#resolve(name)
    const { engine } = this.#services
    const { afterSequence = 0, signal, follow } = options
    const events = engine.watch(this.#scope, runId, {
      afterSequence,
      follow,
      ...(signal === undefined ? {} : { signal }),
    })
    for await (const event of events) {
      if (event.kind === 'run-ended') await this.#close(runId)
      yield viewEvent(event)
      if (event.kind === 'run-waiting' && (await this.#rests(runId))) return
    }
  }

  async #close(runId: RunId): Promise<void> {
    await this.#services.administration.closeRun({ tenantId, runId }, owner)
    await this.#services.releaseRun({ tenantId, runId })
  }

  /** Runs that ended while nobody watched lose their mandate and what they had reserved. */
  async #closeEnded(): Promise<void> {
    const { administration, engine } = this.#services
    for (const runId of await administration.openRuns(tenantId, owner)) {
      const { status } = await engine.getRun(this.#scope, runId).catch(statusOfUnknown)
      if (status !== 'running' && status !== 'waiting') await this.#close(runId)
    }
  }

  /** Whether nothing happens until a person decides. */
  async #rests(runId: RunId): Promise<boolean> {
    return (await this.#services.engine.getRun(this.#scope, runId)).status === 'waiting'
  }

  async decide(name: string, decision: Decision): Promise<RunView> {
    const runId = await this.#resolve(name)
    const { approvals, database } = this.#services
    const principal = await this.#person(decision.by)
    const requests = await database.transaction(this.#scope, (tx) => approvals.ofRun(tx, tenantId, runId))
    const pending = requests.findLast(({ status }) => status === 'pending')
    if (pending === undefined) throw apiErrors.NOT_WAITING({ detail: runId })
    await approvals.decide({
      tenantId,
      requestId: pending.id,
      principal,
      verdict: decision.decision,
      reason: decision.reason ?? '',
      subjectDigest: decision.subject ?? digestOfSubject(pending.subject),
    })
    await this.takeUpDecisions(runId)
    return this.getRun(runId)
  }

  async reply(name: string, { text, by, question }: Reply): Promise<RunView> {
    const runId = await this.#resolve(name)
    const { engine } = this.#services
    const asked = openQuestionOf(await engine.listSteps(this.#scope, runId))
    if (asked === undefined) throw questionErrors.NOT_ASKED({ detail: runId })
    if (question !== undefined && question !== asked.question.id)
      throw questionErrors.CHANGED({ detail: asked.question.question.slice(0, 200) })
    const person = await this.#person(by)
    await giveAnswer(this.#services, { tenantId, runId, person, text, ...asked })
    await engine.wake(this.#scope, runId, asked.stepId)
    return this.getRun(runId)
  }

  /** Answers steps that wait for what has come; after a crash it may not have reached them. */
  async takeUpDecisions(runId: RunId): Promise<void> {
    const { engine, approvals, database } = this.#services
    const waiting = (await engine.listSteps(this.#scope, runId)).filter(({ status }) => status === 'waiting')
    if (waiting.length === 0) return
    const requests = await database.transaction(this.#scope, (tx) => approvals.ofRun(tx, tenantId, runId))
    for (const step of waiting) {
      if (openQuestionOf([step]) !== undefined) await engine.wake(this.#scope, runId, step.stepId)
      const output = requests
        .filter(({ stepId }) => stepId === step.stepId)
        .map(approvalOutput)
        .at(-1)
      if (output !== undefined) await engine.complete(this.#scope, runId, step.stepId, output)
    }
  }

  async cancelRun(name: string, by: string, reason: string): Promise<RunView> {
    const runId = await this.#resolve(name)
    await this.#steer(runId, by, 'cancel-run', { reason })
    await this.#services.engine.cancelRun(this.#scope, runId, reason)
    await this.#closeEnded()
    return this.getRun(runId)
  }

  async resumeRun(name: string, by: string): Promise<RunView> {
    const runId = await this.#resolve(name)
    const run = await this.#services.engine.getRun(this.#scope, runId)
    if (run.status === 'failed' || run.status === 'cancelled') {
      await this.#steer(runId, by, 'resume-run', {})
      await this.#services.administration.reopenRun({ tenantId, runId }, personId(by))
      await this.#services.engine.retryRun(this.#scope, runId)
    } else await this.takeUpDecisions(runId)
    return this.getRun(runId)
  }

  async setTrust(
    repository: string,
    { trusted, by, reason }: { readonly trusted: boolean; readonly by: string; readonly reason: string },
  ): Promise<void> {
    const { administration } = this.#services
    const person = await this.#person(by)
    if (trusted) await administration.trustRepository(person, repository, reason)
    else await administration.distrustRepository(person, repository, reason)
  }

  async exportEvidence(name: string, by: string): Promise<unknown> {
    const runId = await this.#resolve(name)
    await this.#steer(runId, by, 'read-run', { evidence: true })
    return this.#services.exportEvidence(this.#scope, runId)
  }

  async verifyAudit(by: string): Promise<AuditReport> {
    await this.#services.administration.authorise({
      principal: await this.#person(by),
      tenantId,
      intention: { action: 'read-audit', resource: { kind: 'audit-log', tenantId } },
      runId: null,
      detail: {},
    })
    await this.#closeEnded()
    return this.#services.verifyRecords(this.#scope)
  }

  close(): Promise<void> {
    return this.#services.close()
  }

  async #steer(
    runId: RunId,
    by: string,
    action: 'cancel-run' | 'resume-run' | 'read-run',
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { principalId: requester } = await this.#services.engine.getRun(this.#scope, runId)
    await this.#services.administration.authorise({
      principal: await this.#person(by),
      tenantId,
      intention: { action, resource: { kind: 'run', tenantId, runId, projectId, requester } },
      runId,
      detail,
    })
  }

  async #readsProject(by: string): Promise<TenantScope> {
    const principal = await this.#person(by)
    await this.#services.administration.authorise({
      principal,
      tenantId,
      intention: { action: 'read-project', resource: { kind: 'project', tenantId, projectId } },
      runId: null,
      detail: {},
    })
    return tenantScope(tenantId, principal.id)
  }

  async #person(name: string): Promise<Principal> {
    const id = personId(name)
    const found = await this.#services.database.transaction(this.#scope, (tx) =>
      findPrincipal(tx, tenantId, id),
    )
    if (found === undefined) throw apiErrors.PERSON_UNKNOWN({ detail: name })
    return found
  }

  /** Identities of one machine are asserted by its operating system account: who asks is registered on the spot. */
  async #registerReporter(id: PrincipalId, name: string): Promise<void> {
    await this.#services.database.transaction(this.#scope, (tx) =>
      registerPrincipal(tx, tenantId, { id, kind: 'person', name, roles: ['engineer'] }),
    )
  }

  async #resolve(name: string): Promise<RunId> {
    const { items } = await this.#services.engine.listRuns(this.#scope, { topLevel: true, limit: 200 })
    const [newest] = items
    if (newest === undefined) throw apiErrors.NO_RUNS()
    if (name === 'latest') return newest.runId
    const matches = items.filter(({ runId }: RunRecord) => runId.includes(name))
    const exact =
      matches.find(({ runId }) => runId === name) ?? (matches.length === 1 ? matches[0] : undefined)
    if (exact !== undefined) return exact.runId
    if (matches.length > 1) throw apiErrors.RUN_AMBIGUOUS({ detail: name })
    return (await this.#services.engine.getRun(this.#scope, name)).runId
  }
}

/** What was taken in when the studio died has a mandate, but no run yet: it starts when it is submitted again. */
function statusOfUnknown(error: unknown): { readonly status: 'waiting' } {
  if (error instanceof AtelierError && error.code === engineErrors.UNKNOWN_RUN.code)
    return { status: 'waiting' }
  throw error
}

function personId(name: string): PrincipalId {
  return `person:${name}` as PrincipalId
}

function runIdFor(idempotencyKey: string | undefined): RunId {
  if (idempotencyKey === undefined) return createId('run') as RunId
  return `run_${digestOf(`${tenantId}\n${idempotencyKey}`).slice('sha256:'.length, 'sha256:'.length + 26)}` as RunId
}

/** Members that are undefined have no place in JSON. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
