import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { type Client, createClient } from '../api/client/index.ts'
import type { CodePlace, Studio, ToolServer } from '../api/index.ts'
import type { RunEventView, RunSummary, RunView, Submission } from '../contracts/index.ts'
import { hostErrors } from './errors.ts'
import { remoteFailure } from './remote-failure.ts'
import type { RemotePlace } from './remote-place.ts'
import { findRun } from './remote-run-names.ts'

/** Names that commands say where nobody said one; elsewhere they mean whoever is signed in. */
const defaultNames: ReadonlySet<string> = new Set(['owner', 'reporter'])

/** Runs that the API lists at once. */
const largestPage = 200

/**
 * A studio that runs elsewhere, over its API.
 * @throws ATL_HOST_SERVER_UNREACHABLE, ATL_HOST_SERVER_UNTRUSTED, ATL_HOST_SIGN_IN_ENDED
 */
export async function openRemoteStudio({ server, token }: RemotePlace): Promise<Studio> {
  const client = createClient({
    baseUrl: server,
    headers: { authorization: `Bearer ${token}` },
    // A token goes nowhere else.
    fetch: (input, init) => fetch(input, { ...init, redirect: 'error' }),
  })
  const me = await client.getMe().catch((failure: unknown) => {
    throw remoteFailure(server, failure)
  })
  return new RemoteStudio(server, client, me.id.replace(/^\w+:/, ''))
}

class RemoteStudio implements Studio {
  readonly actsAs: string
  readonly #server: string
  readonly #client: Client

  constructor(server: string, client: Client, actsAs: string) {
    this.#server = server
    this.#client = client
    this.actsAs = actsAs
    this.code = this.#askAboutCode()
  }

  async submit({ reporter, idempotencyKey, ...body }: Submission): Promise<{ readonly runId: string }> {
    this.#assertSelf(reporter)
    this.#assertWithinReach(body.repository.location)
    const key = idempotencyKey ?? randomUUID()
    return this.#ask(this.#client.submitWorkItem({ body, idempotencyKey: key }))
  }

  async listRuns({ limit, after }: { readonly limit: number; readonly after?: string }) {
    const items: RunSummary[] = []
    let next = after ?? null
    do {
      const query = { limit: Math.min(largestPage, limit - items.length), ...(next && { after: next }) }
      const page = await this.#ask(this.#client.listRuns({ query }))
      items.push(...page.items)
      next = page.next
    } while (next !== null && items.length < limit)
    return { items, next }
  }

  async getRun(name: string): Promise<RunView> {
    return this.#ask(this.#client.getRun({ params: await this.#paramsOf(name) }))
  }

  async *watchRun(
    name: string,
    {
      afterSequence = 0,
      follow,
      signal,
    }: { readonly afterSequence?: number; readonly follow: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEventView> {
    const params = await this.#paramsOf(name)
    const events = this.#client.watchRun({
      params,
      query: { follow },
      ...(afterSequence > 0 && { lastEventId: String(afterSequence) }),
      ...(signal && { signal }),
    })
    try {
      for await (const event of events) {
        yield event
        if (event.kind === 'run-waiting' && (await this.#client.getRun({ params })).status === 'waiting')
          return
      }
    } catch (failure) {
      throw remoteFailure(this.#server, failure)
    }
  }

  async decide(name: string, { by, decision, reason, subject }: Parameters<Studio['decide']>[1]) {
    this.#assertSelf(by)
    const body = {
      decision,
      ...(reason !== undefined && { reason }),
      ...(subject !== undefined && { subject }),
    }
    return this.#ask(this.#client.decideRun({ params: await this.#paramsOf(name), body }))
  }

  async reply(name: string, { by, text, question }: Parameters<Studio['reply']>[1]) {
    this.#assertSelf(by)
    const body = { text, ...(question !== undefined && { question }) }
    return this.#ask(this.#client.replyToRun({ params: await this.#paramsOf(name), body }))
  }

  async cancelRun(name: string, by: string, reason: string) {
    this.#assertSelf(by)
    return this.#ask(this.#client.cancelRun({ params: await this.#paramsOf(name), body: { reason } }))
  }

  async resumeRun(name: string, by: string) {
    this.#assertSelf(by)
    return this.#ask(this.#client.resumeRun({ params: await this.#paramsOf(name) }))
  }

  async setTrust(repository: string, { trusted, by, reason }: Parameters<Studio['setTrust']>[1]) {
    this.#assertSelf(by)
    this.#assertWithinReach(repository)
    await this.#ask(this.#client.setRepositoryTrust({ body: { repository, trusted, reason } }))
  }

  async exportEvidence(name: string, by: string): Promise<unknown> {
    this.#assertSelf(by)
    return this.#ask(this.#client.exportEvidence({ params: await this.#paramsOf(name) }))
  }

  async verifyAudit(by: string) {
    this.#assertSelf(by)
    return this.#ask(this.#client.verifyAudit())
  }

  readonly code: Studio['code']

  readonly routing: Studio['routing'] = {
    explain: ({ issue, labels, by }) => {
      this.#assertSelf(by)
      return this.#ask(this.#client.explainRoute({ body: { issue, labels: [...labels] } }))
    },
    report: ({ days, by }) => {
      this.#assertSelf(by)
      return this.#ask(this.#client.getRoutingReport({ query: { days } }))
    },
  }

  readonly toolServers: Studio['toolServers'] = {
    list: async (by) => {
      this.#assertSelf(by)
      const { items } = await this.#ask(this.#client.listToolServers())
      return items.map(viewServer)
    },
    inspect: async (server, by, signal) => {
      this.#assertSelf(by)
      return viewServer(await this.#ask(this.#client.inspectToolServer({ params: { server }, signal })))
    },
    accept: ({ server, tool, digest, by }) => {
      this.#assertSelf(by)
      return this.#ask(this.#client.acceptTool({ params: { server, tool }, body: { digest } }))
    },
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #askAboutCode(): Studio['code'] {
    const ask = async <Q extends { readonly by: string; readonly repository: CodePlace }, A>(
      { by, ...question }: Q,
      answer: (question: Omit<Q, 'by'>) => Promise<A>,
    ): Promise<A> => {
      this.#assertSelf(by)
      this.#assertWithinReach(question.repository.location)
      return this.#ask(answer(question))
    }
    const client = this.#client
    return {
      index: (request) => ask(request, (body) => client.indexCode({ body })),
      search: (request) =>
        ask(request, ({ kinds, ...body }) => client.searchCode({ body: { ...body, kinds: [...kinds] } })),
      // Suspects are what a repair in the studio knows.
      context: (request) =>
        ask(request, ({ repository, fresh, issue, tokens }) =>
          client.assembleCodeContext({ body: { repository, fresh, issue, tokens } }),
        ),
      symbol: (request) => ask(request, (body) => client.findSymbol({ body })),
    }
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (failure) {
      throw remoteFailure(this.#server, failure)
    }
  }

  async #paramsOf(name: string): Promise<{ readonly runId: string }> {
    return { runId: await this.#ask(findRun(this.#client, name)) }
  }

  /** @throws ATL_HOST_PERSON_ELSEWHERE */
  #assertSelf(name: string | undefined): void {
    if (name === undefined || name === this.actsAs || defaultNames.has(name)) return
    throw hostErrors.PERSON_ELSEWHERE({ detail: `${this.actsAs}, not ${name}` })
  }

  /** A folder is the same one only where the studio runs on this machine. @throws ATL_HOST_REPOSITORY_ELSEWHERE */
  #assertWithinReach(location: string): void {
    const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(this.#server).hostname)
    if (path.isAbsolute(location) && !isHere) throw hostErrors.REPOSITORY_ELSEWHERE({ detail: location })
  }
}

type AnsweredServer = Awaited<ReturnType<Client['inspectToolServer']>>

function viewServer({ server, place, tools }: AnsweredServer): ToolServer {
  return {
    server,
    place,
    tools: tools.map(({ accepted, ...tool }) => ({
      ...tool,
      server,
      accepted: accepted && { ...accepted, at: new Date(accepted.at) },
    })),
  }
}
