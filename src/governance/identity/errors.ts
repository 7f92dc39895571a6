import { defineErrors } from '../../kernel/index.ts'

export const identityErrors = defineErrors('IDENTITY', {
  UNKNOWN: {
    summary: 'The tenant has no such principal',
    remedy: 'Register the person, agent or service first, or correct the name.',
  },
  DISABLED: {
    summary: 'The principal is disabled',
    remedy: 'Have an owner enable it, or act under another name.',
  },
  MISMATCH: {
    summary: 'The principal is not what the request says it is',
    remedy: 'This is a defect or an attack: look at the audit log of the run and report it.',
  },
  DELEGATION_INVALID: {
    summary: 'The principal cannot act for the one it names',
    remedy:
      'An agent acts for a person of its tenant, directly or through services. Correct whom it acts for in the request or the registration.',
  },
})

export const mandateErrors = defineErrors('MANDATE', {
  MISSING: {
    summary: 'The run was never opened, so nothing may be done in its name',
    remedy: 'Submit the work item again. If this happens again, it is a defect: please report it.',
  },
  CLOSED: {
    summary: 'The run has ended, so nothing more may be done in its name',
    remedy: 'Start a new run for the work item.',
  },
  CONFLICT: {
    summary: 'The run is already open for somebody else or for another project',
    remedy: 'Start a new run under an id of its own.',
  },
})

export const keyErrors = defineErrors('KEY', {
  MISSING: {
    summary: 'The request has no key',
    remedy: 'Send the key of the task as `Authorization: Bearer KEY` or as `x-api-key: KEY`.',
  },
  UNKNOWN: {
    summary: 'There is no such key',
    remedy: 'Use the key that the task was given, whole and unchanged; keys are never shown again.',
  },
  EXPIRED: {
    summary: 'The key has expired',
    remedy: 'Let the step that it was made for run again: each attempt gets a key of its own.',
  },
  REVOKED: {
    summary: 'The key has been revoked',
    remedy: 'Let the step that it was made for run again: each attempt gets a key of its own.',
  },
  LIFETIME_INVALID: {
    summary: 'A key cannot live this long',
    remedy: 'Give it from one second to seven days.',
  },
})
