import type { Dispatcher } from 'undici'
import type { UpstreamDefinition } from '../catalogue/schema.ts'
import { modelErrors } from '../errors.ts'
import { fetchThrough } from './fetch-through.ts'
import { upstreamKinds } from './registry.ts'
import type { ConnectedUpstream, UpstreamKind } from './upstream.ts'

/** Values of secrets by name; undefined where there is none. */
export type Credentials = (name: string) => string | undefined

/** A provider with the connections to it. */
export interface Connection extends ConnectedUpstream {
  readonly definition: UpstreamDefinition
  readonly kind: UpstreamKind
  /** Where it is asked, without credentials. */
  readonly endpoint: string
  /** Name of the machine that is asked. */
  readonly host: string
  readonly dispatcher: Dispatcher
}

export interface ConnectionOptions {
  readonly credentials: Credentials
  /** Bytes that one answer may have at most, however much a route lets through. */
  readonly answerBytes: number
}

/** Connections are kept for as long as the catalogue defines an upstream in the same way. */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #connections = new Map<string, { definition: UpstreamDefinition; made: Promise<Connection> }>()

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** What is missing for the upstream to be used: the name of a credential, or its address. */
  missing(definition: UpstreamDefinition): string | undefined {
    const { credential, credentials = {}, baseUrl, kind } = definition
    if (baseUrl === undefined && upstreamKinds[kind].baseUrl === undefined) return 'its `baseUrl`'
    const names = [...(credential === undefined ? [] : [credential]), ...Object.values(credentials)]
    return names.find((name) => (this.#options.credentials(name) ?? '') === '')
  }

  /** @throws ATL_MODEL_CREDENTIAL_MISSING */
  async connect(definition: UpstreamDefinition): Promise<Connection> {
    const { id } = definition
    const held = this.#connections.get(id)
    if (held?.definition === definition) return held.made
    const missing = this.missing(definition)
    if (missing !== undefined)
      throw modelErrors.CREDENTIAL_MISSING({ detail: `${id} needs ${missing}`, details: { upstream: id } })
    const made = this.#make(definition)
    this.#connections.set(id, { definition, made })
    // Calls under way on the connections of before come to their end.
    void held?.made.then(({ dispatcher }) => dispatcher.close())
    return made
  }

  async close(): Promise<void> {
    const held = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(held.map(async ({ made }) => (await made).dispatcher.destroy()))
  }

  async #make(definition: UpstreamDefinition): Promise<Connection> {
    const { credentials, answerBytes } = this.#options
    const kind = upstreamKinds[definition.kind]
    const baseUrl = (definition.baseUrl ?? kind.baseUrl ?? '').replace(/\/+$/, '')
    // Whoever asks no model need not load it.
    const { Agent, fetch } = await import('undici')
    const dispatcher = new Agent({
      connect: { timeout: (definition.connectSeconds ?? 10) * 1000 },
      keepAliveTimeout: 60_000,
      // How long an answer may take is for the deadlines of the route to say.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: answerBytes,
    })
    const secretOf = (name: string | undefined): string =>
      name === undefined ? '' : (credentials(name) ?? '')
    const upstream = await kind.connect({
      id: definition.id,
      baseUrl,
      apiKey: secretOf(definition.credential),
      secrets: Object.fromEntries(
        Object.entries(definition.credentials ?? {}).map(([role, name]) => [role, secretOf(name)]),
      ),
      options: definition.options ?? {},
      fetch: fetchThrough(fetch, dispatcher),
    })
    const { origin, pathname, hostname: host } = new URL(baseUrl)
    const endpoint = `${origin}${pathname === '/' ? '' : pathname}`
    return { ...upstream, definition, kind, endpoint, host, dispatcher }
  }
}
