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

export const tenantErrors = defineErrors('TENANT', {
  SUSPENDED: {
    summary: 'The tenant is suspended, so nobody may act in it',
    remedy: 'Ask whoever runs this studio to take the suspension back.',
  },
  UNKNOWN: {
    summary: 'There is no such tenant',
    remedy: 'List the tenants, and correct the id.',
  },
  EXISTS: {
    summary: 'There is a tenant of this id already',
    remedy: 'Choose another id.',
  },
  ID_INVALID: {
    summary: 'This cannot be the id of a tenant',
    remedy: 'Use 2 to 63 lower-case letters, digits and hyphens, beginning with a letter.',
  },
  NOT_SUSPENDED: {
    summary: 'Only a suspended tenant can be deleted',
    remedy: 'Suspend it first, so that nothing is at work in it while it is deleted.',
  },
  BUSY: {
    summary: 'Something is still at work in the tenant',
    remedy: 'Wait until its runs have stopped, then try again.',
    retryable: true,
  },
  PROTECTED: {
    summary: 'The tenant of the installation itself can be neither suspended nor deleted',
    remedy: 'To remove the studio altogether, stop it and remove its data directory and database.',
  },
  QUOTA_EXCEEDED: {
    summary: 'The tenant has reached its quota',
    remedy:
      'Wait until something ends, remove what is not needed, or ask whoever runs this studio for a larger quota.',
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
