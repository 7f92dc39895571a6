import { defineErrors } from '../kernel/index.ts'

export const cliErrors = defineErrors('CLI', {
  NO_DECISION_POSSIBLE: {
    summary: 'This run does not wait for a decision',
    remedy: 'See where it stands with `atelier show <run>`.',
  },
  UNREADABLE_RULE: {
    summary: 'The file with the rule cannot be read',
    remedy: 'Name a text file of at most 64 KiB that holds one rule of ast-grep, or several.',
  },
  UNREADABLE_EVIDENCE: {
    summary: 'The evidence file cannot be read',
    remedy: 'Name a file that `atelier evidence export` wrote.',
  },
})
