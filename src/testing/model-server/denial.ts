interface DenialOptions {
  readonly status: number
  /** What the providers call it. */
  readonly type: string
  readonly message: string
  /** Seconds for the header `retry-after`. */
  readonly retryAfter?: number | undefined
}

/** An answer with the status of an error, in whatever protocol was spoken. */
export class Denial extends Error {
  override readonly name = 'Denial'
  readonly status: number
  readonly type: string
  readonly retryAfter: number | undefined
  /** No scenario has an answer; said apart, because it is the script that lacks something. */
  readonly unmatched: boolean

  constructor({ status, type, message, retryAfter }: DenialOptions, unmatched = false) {
    super(message)
    this.status = status
    this.type = type
    this.retryAfter = retryAfter
    this.unmatched = unmatched
  }

  /** The caller's mistake. */
  static badRequest(message: string): Denial {
    return new Denial({ status: 400, type: 'invalid_request_error', message })
  }

  static badKey(): Denial {
    return new Denial({ status: 401, type: 'authentication_error', message: 'Incorrect API key provided.' })
  }

  static notFound(what: string): Denial {
    return new Denial({ status: 404, type: 'not_found_error', message: `${what} is not known here` })
  }

  static unmatched(why: string): Denial {
    return new Denial({ status: 400, type: 'invalid_request_error', message: why }, true)
  }

  /** Something that was not foreseen; the server goes on. */
  static defect(error: unknown): Denial {
    const reason = error instanceof Error ? error.message : String(error)
    return new Denial({
      status: 500,
      type: 'api_error',
      message: `The model server itself failed: ${reason}`,
    })
  }
}
