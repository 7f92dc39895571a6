import { defineErrors } from '../../kernel/index.ts'

export const modelErrors = defineErrors('MODEL', {
  WEIGHTS_INVALID: {
    summary: 'The weights do not fit the route',
    remedy: 'Give a number from 0 up for targets that the route has, and leave at least one above 0.',
  },
  CATALOGUE_INVALID: {
    summary: 'The catalogue of models cannot be used',
    remedy: 'Correct the file at the place named; docs/models.md describes what may stand in it.',
  },
  ROUTES_INVALID: {
    summary: 'The routes over models cannot be used',
    remedy: 'Correct the file at the place named; docs/models.md describes what may stand in it.',
  },
  UNKNOWN: {
    summary: 'There is no model and no route of this name',
    remedy: 'Use a name of `models.yaml` or `routes.yaml`, or add one there; docs/models.md says how.',
  },
  RETIRED: {
    summary: 'The model is retired',
    remedy: 'Choose another model, or correct its `retired` date in the catalogue.',
  },
  NOT_ALLOWED: {
    summary: 'Whoever asks may not use this model',
    remedy: 'Ask for one of the models in the details, or have the agent or key allowed this one.',
  },
  PLACE_NOT_ALLOWED: {
    summary: 'No model of the route may see this data where it is deployed',
    remedy: 'Use a model whose deployment and residency are among those in the details.',
  },
  UNSUPPORTED: {
    summary: 'The model cannot do what the request asks for',
    remedy: 'Use a model with the capability in the detail, or correct its capabilities in the catalogue.',
  },
  PRICE_UNKNOWN: {
    summary: 'The price of the model is unknown, so no budget can hold it',
    remedy:
      'Write its `prices` into models.yaml in the data directory (`prices: free` if it costs nothing), or set `unknownPrices: allow` there to have it used without counting money.',
  },
  CREDENTIAL_MISSING: {
    summary: 'The provider has no key',
    remedy: 'Set the variable that the detail names where the studio is started, then start it again.',
  },
  CREDENTIAL_REFUSED: {
    summary: 'The provider refused the key of the studio',
    remedy:
      'Replace the key that the detail names; the provider says that it is wrong, expired or without rights.',
  },
  CONTEXT_TOO_LONG: {
    summary: 'The request does not fit into the context of the model',
    remedy: 'Make the request shorter, or use a route that falls back to a larger model.',
  },
  REQUEST_TOO_LARGE: {
    summary: 'The request has more bytes than the route lets through',
    remedy: 'Make the request smaller, or raise `limits.requestBytes` of the route.',
  },
  ANSWER_TOO_LARGE: {
    summary: 'The model answered with more bytes than the route lets through',
    remedy: 'Ask for less output, or raise `limits.answerBytes` of the route.',
  },
  REQUEST_REFUSED: {
    summary: 'The provider refuses the request',
    remedy: 'Change the request as the detail says; another try of the same will be refused too.',
  },
  CONTENT_FILTERED: {
    summary: 'The provider does not answer this content',
    remedy: 'Change the content, or add a fallback for `content-filter` to the route.',
  },
  RATE_LIMITED: {
    summary: 'There were too many requests in too short a time',
    remedy: 'Try again after the time in the details, or raise the limit.',
    retryable: true,
  },
  QUEUE_FULL: {
    summary: 'Too many requests wait for this model already',
    remedy: 'Try again later, or raise `concurrent` or `waiting` in the limits of its upstream.',
    retryable: true,
  },
  OVERLOADED: {
    summary: 'The provider is overloaded',
    remedy: 'Try again later, or add a fallback for `overloaded` to the route.',
    retryable: true,
  },
  UPSTREAM_FAILED: {
    summary: 'The provider failed',
    remedy: 'Try again later; if it goes on, look at the status page of the provider.',
    retryable: true,
  },
  UNREACHABLE: {
    summary: 'The provider cannot be reached',
    remedy: 'Check the address of the upstream and the network of the studio.',
    retryable: true,
  },
  TIMEOUT: {
    summary: 'The model did not answer in time',
    remedy: 'Try again, or raise the deadline named in the detail in the route.',
    retryable: true,
  },
  CUT_OFF: {
    summary: 'The answer was cut off before its end',
    remedy: 'Try again; what had arrived is paid for and recorded.',
    retryable: true,
  },
  ANSWER_INVALID: {
    summary: 'The provider answered something that is not of its protocol',
    remedy: 'Check that the `kind` of the upstream is what the server speaks.',
    retryable: true,
  },
  CIRCUIT_OPEN: {
    summary: 'The provider failed several times in a row and is given a rest',
    remedy: 'Try again after the time in the details, or look at the last failures.',
    retryable: true,
  },
})
