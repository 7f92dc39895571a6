import { defineErrors } from '../../kernel/index.ts'

export const approvalErrors = defineErrors('APPROVAL', {
  NOT_FOUND: {
    summary: 'There is no such request for approval',
    remedy: 'List what waits with `atelier runs`, and name a run that waits for a person.',
  },
  CONFLICT: {
    summary: 'The request was decided already',
    remedy: 'Look at the run to see who decided and what followed.',
  },
  REPEATED: {
    summary: 'You decided about this request already',
    remedy: 'Nothing is left for you to do: it waits for other people.',
  },
  EXPIRED: {
    summary: 'The request has expired',
    remedy: 'Resume the run, so that it asks again with what is true now.',
  },
  VOID: {
    summary: 'The request is void, because what it was about has changed',
    remedy: 'Resume the run, so that it asks again, and look at what changed before you decide.',
  },
  SUBJECT_CHANGED: {
    summary: 'What you looked at is not what would be approved',
    remedy: 'Show the run again, look at the change that is there now, and decide about that.',
  },
  OWN_WORK: {
    summary: 'Nobody approves their own work, and this change was made by you or on your behalf',
    remedy: 'Ask another person who may approve.',
  },
  FORBIDDEN: {
    summary: 'You may not decide about this',
    remedy: 'Ask a person with the role approver or owner.',
  },
  INVALID: {
    summary: 'The request for approval is not valid',
    remedy: 'This is a defect in the studio. Please report it with the log of the run.',
  },
})
