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
  CURSOR_INVALID: {
    summary: 'This is no position in the list',
    remedy: 'Pass the `next` of the page before as it is, or begin again without `after`.',
  },
  STEP_NOT_FOUND: {
    summary: 'The plan of this run has no such step',
    remedy: 'See the plan of the run for its steps.',
  },
  CHANGE_NOT_FOUND: {
    summary: 'This run proposes no change',
    remedy: 'See where the run stands; it may not have come so far, or ended without one.',
  },
  WORK_ITEM_NOT_FOUND: {
    summary: 'There is no such work item',
    remedy: 'List the work items to see which there are.',
  },
  COMMENT_NOT_FOUND: {
    summary: 'There is no such comment on this change',
    remedy: 'List the comments of the run to see which there are.',
  },
  NO_SUCH_LINE: {
    summary: 'The change has no such file',
    remedy: 'Comment on a file of the change, or on the change as a whole.',
  },
  REPOSITORY_UNKNOWN: {
    summary: 'Nobody works on this repository here',
    remedy: 'Add it to a project, or submit a work item for it, and ask again.',
  },
  PROJECT_UNKNOWN: {
    summary: 'There is no project of this id',
    remedy: 'List the projects to see their ids.',
  },
  PROJECT_ARCHIVED: {
    summary: 'This project is archived and takes no new work',
    remedy: 'Have an operator take it out of the archive, or name another project.',
  },
  PROJECT_AMBIGUOUS: {
    summary: 'More than one project has this repository',
    remedy: 'Say which of them the work belongs to.',
  },
  REPOSITORY_OF_OTHER_PROJECT: {
    summary: 'This repository belongs to another project',
    remedy: 'Name the project that has it, or have an operator add it to this one.',
  },
})
