import { defineErrors } from '../../kernel/index.ts'

export const gatewayErrors = defineErrors('GATEWAY', {
  NOT_FOUND: {
    summary: 'The gateway has no such address',
    remedy: 'Check the base address of the client; docs/gateway.md lists what there is.',
  },
  MODEL_NOT_FOUND: {
    summary: 'There is no such model, or the key may not use it',
    remedy: 'Use one of the models that `GET /v1/models` lists for the key.',
  },
  BODY_INVALID: {
    summary: 'The body of the request cannot be read',
    remedy: 'Send one JSON object, uncompressed, with `content-type: application/json`.',
  },
  TOO_LARGE: {
    summary: 'The body of the request is too large',
    remedy: 'Send less, above all fewer or smaller images and files.',
  },
  HEADER_INVALID: {
    summary: 'A header of the request cannot be used',
    remedy: 'Correct the header that the detail names.',
  },
  BUSY: {
    summary: 'The gateway answers as many requests as it can',
    remedy: 'Try again in a moment, with fewer requests at the same time.',
    retryable: true,
  },
  DEFECT: {
    summary: 'The gateway failed in a way that was not foreseen',
    remedy: 'Try again; if it happens again, please report it with the log of the studio.',
    retryable: true,
  },
  CANNOT_LISTEN: {
    summary: 'The gateway cannot listen where it was told to',
    remedy:
      'Choose another port or socket, or end the process that listens there; remove a socket that nobody uses.',
  },
})
