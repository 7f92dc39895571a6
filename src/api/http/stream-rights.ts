import { setTimeout as pause } from 'node:timers/promises'
import type { Caller } from '../../contracts/index.ts'
import { type Logger, reportError, type TenantId } from '../../kernel/index.ts'
import type { Authenticator } from './authenticator.ts'

export interface StreamRightsOptions {
  readonly authenticator: Authenticator
  /** Names the policies that are in force for a tenant. */
  readonly policiesOf?: (tenantId: TenantId) => string
  /** Milliseconds between two looks. */
  readonly everyMs: number
  readonly logger: Logger
}

interface Held {
  readonly caller: Caller
  readonly policies: string | undefined
}

/**
 * Breaks off streams whose caller may see something else by now, or nothing. A client that comes back is authenticated
 * and authorised anew, so a stream never outlives a right by more than a look and narrows by itself. There is one look
 * for all streams of this process.
 */
export class StreamRights {
  readonly #options: StreamRightsOptions
  readonly #held = new Map<AbortController, Held>()
  #looking = false

  constructor(options: StreamRightsOptions) {
    this.#options = options
  }

  /** Watches a stream; call it before it is decided what the caller may see. @returns what ends that. */
  hold(caller: Caller, stream: AbortController): () => void {
    this.#held.set(stream, { caller, policies: this.#policiesOf(caller) })
    if (!this.#looking) {
      this.#looking = true
      void this.#lookWhileStreamsAreOpen()
    }
    return () => void this.#held.delete(stream)
  }

  async #lookWhileStreamsAreOpen(): Promise<void> {
    const { everyMs, logger } = this.#options
    while (this.#held.size > 0) {
      await pause(everyMs, undefined, { ref: false })
      // Without the database nothing is told of streams either.
      await this.#look().catch((error: unknown) =>
        logger.log('warn', { ...reportError(error) }, 'who watches was not looked up'),
      )
    }
    this.#looking = false
  }

  async #look(): Promise<void> {
    const held = [...this.#held]
    const changed = await this.#options.authenticator.changed(held.map(([, { caller }]) => caller))
    for (const [stream, { caller, policies }] of held)
      if (changed.has(caller) || this.#policiesOf(caller) !== policies) stream.abort()
  }

  #policiesOf({ principal }: Caller): string | undefined {
    return this.#options.policiesOf?.(principal.tenantId)
  }
}
