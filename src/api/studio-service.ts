import { z } from 'zod'
import { type RunEventView, type RunView, type Submission, submissionSchema } from '../contracts/index.ts'
import type { RunRecord, TenantScope } from '../engine/index.ts'
import { seededIdentities, tenantScope } from '../governance/index.ts'
import type { RunId } from '../kernel/index.ts'
import { authoriseReading } from './code-authorisation.ts'
import { type CodeQueries, createCodeQueries } from './code-queries.ts'
import { apiErrors } from './errors.ts'
import { createRoutingQueries, type RoutingQueries } from './routing-queries.ts'
import {
  createServices,
  projectResource,
  scopeOf,
  type Services,
  type StudioServices,
} from './services/index.ts'
import type { AuditReport, Decision, Reply, Studio } from './studio.ts'
import { createToolServers, type ToolServers } from './tool-servers.ts'

const { tenant: tenantId, owner } = seededIdentities
const ownerName = owner.replace('person:', '')

/** The studio in this process, for the one tenant of this machine; people are who they say they are. */
export function createStudio(below: StudioServices, services: Services = createServices(below)): Studio {
  return new EmbeddedStudio(below, services)
}

class EmbeddedStudio implements Studio {
  readonly actsAs = null
  readonly #below: StudioServices
  readonly #services: Services
  readonly #scope: TenantScope = tenantScope(tenantId, owner)
  readonly code: CodeQueries
  readonly routing: RoutingQueries
  readonly toolServers: ToolServers

  constructor(below: StudioServices, services: Services) {
    this.#below = below
    this.#services = services
    const person = async (name: string) => (await services.people.local(name)).principal
    this.code = createCodeQueries({
      ...below.code,
      database: below.database,
      openSource: (place) => below.code.openSource(tenantId, place),
      authorise: async (name, place) => authoriseReading(below, await person(name), place),
    })
    this.routing = createRoutingQueries({
      ...below.routing,
      database: below.database,
      clock: below.clock,
      authorise: (by) => this.#readsProject(by),
    })
    this.toolServers = createToolServers({ ...below, person })
  }

  async submit(submission: Submission): Promise<{ readonly runId: string }> {
    const { reporter, idempotencyKey: key, ...request } = readSubmission(submission)
    const caller = await this.#services.people.localReporter(reporter)
    return this.#services.workItems.submit(caller, request, { source: 'cli', key })
  }

  async listRuns(query: { readonly limit: number; readonly after?: string }): ReturnType<Studio['listRuns']> {
    return this.#services.runs.list(await this.#owner(), query)
  }

  async getRun(name: string): Promise<RunView> {
    return this.#services.runs.get(await this.#owner(), await this.#resolve(name))
  }

  async *watchRun(
    name: string,
    options: { readonly afterSequence?: number; readonly follow: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEventView> {
    const runId = await this.#resolve(name)
    for await (const event of await this.#services.runs.watch(await this.#owner(), runId, options)) {
      yield event
      if (event.kind === 'run-waiting' && (await this.#rests(runId))) return
    }
  }

  /** Whether nothing happens until a person decides. */
  async #rests(runId: RunId): Promise<boolean> {
    return (await this.#below.engine.getRun(this.#scope, runId)).status === 'waiting'
  }

  async decide(name: string, { by, ...decision }: Decision): Promise<RunView> {
    const runId = await this.#resolve(name)
    return this.#services.approvals.decideRun(await this.#services.people.local(by), runId, decision)
  }

  async reply(name: string, { by, ...reply }: Reply): Promise<RunView> {
    const runId = await this.#resolve(name)
    return this.#services.questions.reply(await this.#services.people.local(by), runId, reply)
  }

  async cancelRun(name: string, by: string, reason: string): Promise<RunView> {
    const runId = await this.#resolve(name)
    return this.#services.runs.cancel(await this.#services.people.local(by), runId, reason)
  }

  async resumeRun(name: string, by: string): Promise<RunView> {
    const runId = await this.#resolve(name)
    return this.#services.runs.resume(await this.#services.people.local(by), runId)
  }

  async setTrust(
    repository: string,
    { trusted, by, reason }: { readonly trusted: boolean; readonly by: string; readonly reason: string },
  ): Promise<void> {
    const caller = await this.#services.people.local(by)
    await this.#services.repositories.setTrust(caller, { repository, trusted, reason })
  }

  async exportEvidence(name: string, by: string): Promise<unknown> {
    const runId = await this.#resolve(name)
    return this.#services.records.exportEvidence(await this.#services.people.local(by), runId)
  }

  async verifyAudit(by: string): Promise<AuditReport> {
    return this.#services.records.verifyAudit(await this.#services.people.local(by))
  }

  close(): Promise<void> {
    return this.#below.close()
  }

  #owner() {
    return this.#services.people.local(ownerName)
  }

  async #readsProject(by: string): Promise<TenantScope> {
    const caller = await this.#services.people.local(by)
    const { principal } = caller
    await this.#below.administration.authorise({
      principal,
      tenantId,
      intention: { action: 'read-project', resource: projectResource(caller) },
      runId: null,
      detail: {},
    })
    return scopeOf(caller)
  }

  async #resolve(name: string): Promise<RunId> {
    const { items } = await this.#below.engine.listRuns(this.#scope, { topLevel: true, limit: 200 })
    const [newest] = items
    if (newest === undefined) throw apiErrors.NO_RUNS()
    if (name === 'latest') return newest.runId
    const matches = items.filter(({ runId }: RunRecord) => runId.includes(name))
    const exact =
      matches.find(({ runId }) => runId === name) ?? (matches.length === 1 ? matches[0] : undefined)
    if (exact !== undefined) return exact.runId
    if (matches.length > 1) throw apiErrors.RUN_AMBIGUOUS({ detail: name })
    return (await this.#below.engine.getRun(this.#scope, name)).runId
  }
}

/** @throws ATL_STUDIO_INVALID_SUBMISSION */
function readSubmission(submission: Submission): z.output<typeof submissionSchema> {
  const parsed = submissionSchema.safeParse(submission)
  if (parsed.success) return parsed.data
  throw apiErrors.INVALID_SUBMISSION({ detail: z.prettifyError(parsed.error) })
}
