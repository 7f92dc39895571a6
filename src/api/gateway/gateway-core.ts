import type { ModelRequest, ModelUsage } from '../../contracts/index.ts'
import type { ProtocolName } from '../../control/models/index.ts'
import type { TaskKeyGrant } from '../../governance/identity/index.ts'

/** What the server needs of the gateway's core: asking models in the name of whoever a key stands for. */
export interface GatewayCore {
  /**
   * Passes a conversation on and answers in the same protocol. Once it has answered, the only errors are those of
   * `body`.
   * @throws errors with codes, for the caller to be told in its protocol.
   */
  exchange(grant: TaskKeyGrant, call: ExchangeCall): Promise<ExchangeAnswer>
  embed(grant: TaskKeyGrant, call: EmbeddingCall): Promise<EmbeddingAnswer>
  /** Models and routes that the key may use. */
  models(grant: TaskKeyGrant): Promise<readonly ListedModel[]>
  /** The studio's own count of a request. */
  countTokens(request: ModelRequest): Promise<number>
}

export interface ExchangeCall {
  readonly protocol: ProtocolName
  /** The body as it was sent, parsed. */
  readonly body: unknown
  /** The same call when it is the same; see {@link GatewayCore.exchange}. */
  readonly key: string
  readonly signal: AbortSignal
  /** Headers of the protocol that change what a provider does, for a relayed call. */
  readonly headers: Readonly<Record<string, string>>
}

export interface ExchangeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array | string>
}

export interface EmbeddingCall {
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions?: number
  readonly key: string
  readonly signal: AbortSignal
}

export interface EmbeddingAnswer {
  readonly model: string
  readonly embeddings: readonly (readonly number[])[]
  readonly usage: Pick<ModelUsage, 'input'>
}

export interface ListedModel {
  readonly id: string
  /** Who provides it; `atelier` for a route. */
  readonly provider: string
  readonly kind: 'model' | 'route'
}
