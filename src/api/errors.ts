import { defineErrors } from '../kernel/index.ts'

export const apiErrors = defineErrors('STUDIO', {
  INVALID_SUBMISSION: {
    summary: 'The work item cannot be taken',
    remedy: 'Correct what the message names and submit it again; nothing was started.',
  },
  PERSON_UNKNOWN: {
    summary: 'The studio knows nobody of this name',
    remedy: 'Use `owner`, or the name of somebody who has submitted work (--reporter).',
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
