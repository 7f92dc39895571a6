import type { Conversation, ProtocolName } from './conversation.ts'
import type { FaultName } from './faults/index.ts'

/** How a request ended, from the server's side. */
export type RequestOutcome =
  | 'pending'
  /** The whole answer was handed to the connection. */
  | 'answered'
  /** Refused with an error's status, by the scenario, a fault or the caller's own mistake. */
  | 'refused'
  /** No step of any scenario fits. */
  | 'unmatched'
  /** The server closed the connection or fell silent, as it was told to. */
  | 'broken'
  /** The caller went away before the end. */
  | 'abandoned'

export interface LoggedRequest {
  /** From 1, in the order of arrival. */
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly method: string
  readonly path: string
  /** The caller's key as it was sent. */
  readonly key: string | undefined
  readonly body: unknown
  /** Undefined for requests that are no conversation. */
  readonly conversation: Conversation | undefined
  readonly protocol: ProtocolName | undefined
  /** Name of the scenario and position of the step, from 1, that answered. */
  readonly scenario: string | undefined
  readonly step: number | undefined
  readonly faults: readonly FaultName[]
  readonly status: number | undefined
  readonly outcome: RequestOutcome
  /** In words, where the outcome needs some. */
  readonly detail: string | undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
export type LogEntry = Mutable<LoggedRequest> & { readonly bytes: number }

/** The newest requests; older ones go when there are too many or they take too much room. */
export class RequestLog {
  readonly #entries: LogEntry[] = []
  readonly #limits: { readonly entries: number; readonly bytes: number }
  #bytes = 0
  #received = 0

  constructor(limits: { readonly entries: number; readonly bytes: number }) {
    this.#limits = limits
  }

  /** How many requests were received, with those that are not kept any more. */
  get received(): number {
    return this.#received
  }

  /** Oldest first. */
  all(): readonly LoggedRequest[] {
    return [...this.#entries]
  }

  /** Conversations only, oldest first. */
  conversations(): readonly (LoggedRequest & { readonly conversation: Conversation })[] {
    return this.#entries.filter(
      (entry): entry is LogEntry & { conversation: Conversation } => entry.conversation !== undefined,
    )
  }

  clear(): void {
    this.#entries.length = 0
    this.#bytes = 0
  }

  /** Begins an entry, which the caller fills while the request is answered. */
  add(request: Pick<LogEntry, 'method' | 'path' | 'key' | 'body' | 'bytes' | 'receivedAt'>): LogEntry {
    this.#received += 1
    const entry: LogEntry = {
      number: this.#received,
      conversation: undefined,
      protocol: undefined,
      scenario: undefined,
      step: undefined,
      faults: [],
      status: undefined,
      outcome: 'pending',
      detail: undefined,
      ...request,
    }
    this.#entries.push(entry)
    this.#bytes += entry.bytes
    while (
      this.#entries.length > this.#limits.entries ||
      (this.#bytes > this.#limits.bytes && this.#entries.length > 1)
    )
      this.#bytes -= this.#entries.shift()?.bytes ?? 0
    return entry
  }
}
