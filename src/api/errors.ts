import { defineErrors } from '../kernel/index.ts'

export const apiErrors = defineErrors('STUDIO', {
  INVALID_SUBMISSION: {
    summary: 'The work item cannot be taken',
    remedy: 'Correct what the message names and submit it again; nothing was started.',
  },
  FORBIDDEN: {
    summary: 'Policy does not allow this',
    remedy:
      'Act as somebody who may (--as), or have the policy changed by whoever owns it; the refusal is in the audit log.',
  },
  NO_RUNS: {
    summary: 'There is no run yet',
    remedy: 'Start one with `atelier solve --repo <path> --issue <file>`.',
  },
  RUN_UNKNOWN: {
    summary: 'No run has this id',
    remedy: 'List the runs with `atelier runs`; a unique part of an id is enough.',
  },
  RUN_AMBIGUOUS: {
    summary: 'More than one run has this in its id',
    remedy: 'Give more of the id; `atelier runs` lists them.',
  },
  NOT_WAITING: {
    summary: 'This run does not wait for a decision',
    remedy: 'See where it stands with `atelier show <run>`.',
  },
})
