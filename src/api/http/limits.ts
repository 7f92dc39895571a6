/** What one client may ask of the server. */
export interface ServerLimits {
  /** Bytes of one body. */
  readonly bodyBytes: number
  /** Milliseconds that a client may take to send a request. */
  readonly sendMs: number
  /** Milliseconds that an answer may take. */
  readonly answerMs: number
  /** Requests of one caller in a minute. */
  readonly requestsPerMinute: number
  /** Requests of one address in a minute, by nobody that the studio knows. */
  readonly anonymousPerMinute: number
  /** Event streams of one caller at the same time. */
  readonly streams: number
  readonly heartbeatMs: number
  /** Milliseconds that a stream may outlive a right of its caller. */
  readonly rightsMs: number
  /** Milliseconds that a client may leave a stream unread. */
  readonly unreadMs: number
}

export const defaultLimits: ServerLimits = {
  bodyBytes: 2 * 1024 * 1024,
  sendMs: 30_000,
  answerMs: 30_000,
  requestsPerMinute: 1200,
  anonymousPerMinute: 120,
  streams: 32,
  heartbeatMs: 15_000,
  rightsMs: 2_000,
  unreadMs: 60_000,
}
