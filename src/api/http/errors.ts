import { defineErrors } from '../../kernel/index.ts'

export const httpErrors = defineErrors('API', {
  NOT_AUTHENTICATED: {
    summary: 'The studio does not know who is asking',
    remedy: 'Sign in, or send a token: `Authorization: Bearer <token>`.',
  },
  SCOPE_MISSING: {
    summary: 'The token does not include this action',
    remedy: 'Create a token whose scopes include it, if you may do it at all.',
  },
  CROSS_SITE: {
    summary: 'A page of another site may not act in your session',
    remedy: 'Use the studio from its own address.',
  },
  NO_ROUTE: {
    summary: 'There is nothing at this address',
    remedy: 'See `/api/v1/openapi.json` for what there is.',
  },
  REQUEST_INVALID: {
    summary: 'The request is not what the operation takes',
    remedy: 'Correct what the details name; `/api/v1/openapi.json` describes every operation.',
  },
  BODY_INVALID: {
    summary: 'The body of the request cannot be read',
    remedy: 'Send one JSON value, with `Content-Type: application/json`.',
  },
  BODY_TOO_LARGE: {
    summary: 'The body of the request is too large',
    remedy: 'Send less, or put what is large into the repository.',
  },
  TOO_MANY_REQUESTS: {
    summary: 'Too many requests in a short time',
    remedy: 'Wait for as long as `Retry-After` says, then go on.',
    retryable: true,
  },
  TOO_MANY_STREAMS: {
    summary: 'Too many event streams are open',
    remedy: 'Close some of them; one stream of the whole tenant tells of every run.',
    retryable: true,
  },
  TIMED_OUT: {
    summary: 'The answer took too long',
    remedy: 'Try again; ask for less at once if that does not help.',
    retryable: true,
  },
  CLOSING: {
    summary: 'The studio is shutting down',
    remedy: 'Try again in a moment.',
    retryable: true,
  },
  NOT_READY: {
    summary: 'The studio is not ready',
    remedy: 'Wait a moment; if it stays so, run `atelier doctor`.',
    retryable: true,
  },
  KEY_REUSED: {
    summary: 'This Idempotency-Key was used for a different request',
    remedy: 'Use a new key for each thing that you want done.',
  },
  KEY_BUSY: {
    summary: 'A request with this Idempotency-Key is being answered',
    remedy: 'Wait a moment and send the same request again.',
    retryable: true,
  },
  KEY_SPENT: {
    summary: 'This was done already, and its answer held a secret that is not kept',
    remedy: 'Look at what is there; if the secret is lost, revoke it and make another with a new key.',
  },
  CHANGED_MEANWHILE: {
    summary: 'What you are changing has changed since you read it',
    remedy: 'Read it again, and decide about what is there now.',
  },
  MATCH_REQUIRED: {
    summary: 'The request has to say which version it changes',
    remedy: 'Send the `ETag` of what you read as `If-Match`.',
  },
  CANNOT_LISTEN: {
    summary: 'The server cannot listen at this address',
    remedy: 'Stop what uses the port, or choose another with `--port`.',
  },
})
