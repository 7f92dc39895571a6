import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import type { ProtocolName } from '../protocols/protocol.ts'

/** What a kind of provider is handed to be reached. */
export interface UpstreamSettings {
  readonly id: string
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** Empty for a server that asks for none. */
  readonly apiKey: string
  /** Further secrets by the names that the kind gives them. */
  readonly secrets: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly fetch: typeof globalThis.fetch
}

/** How conversations are passed on as they came, to a server that speaks the caller's own protocol. */
export interface RelayTarget {
  readonly protocol: ProtocolName
  readonly url: URL
  /** The member of a body that limits the output. */
  readonly outputLimit: 'max_tokens' | 'max_completion_tokens' | 'max_output_tokens'
  /** With credentials. */
  readonly headers: Readonly<Record<string, string>>
}

/** A provider, ready to be asked. */
export interface ConnectedUpstream {
  languageModel(name: string): LanguageModelV4
  /** Undefined where the provider makes none. */
  readonly embeddingModel?: (name: string) => EmbeddingModelV4
  readonly relays: readonly RelayTarget[]
}

/** A provider the studio can reach: one file each, and one line in the registry. */
export interface UpstreamKind {
  /** Where it is asked unless the catalogue says otherwise; undefined where every server has an address of its own. */
  readonly baseUrl: string | undefined
  /** Under which name the price list has its models, if it has. */
  readonly priceList: string | undefined
  /** What it thinks may come on top of the output limit of a request, up to the limit of the model. */
  readonly thinksBeyondLimit: boolean
  /** Loads the provider's library, which nobody pays for who does not use it. */
  connect(settings: UpstreamSettings): Promise<ConnectedUpstream>
}
