import { defineErrors } from '../kernel/index.ts'

export const cliErrors = defineErrors('CLI', {
  ONLY_HERE: {
    summary: 'This works on the machine of the studio alone',
    remedy: 'Run it there, without --server.',
  },
  OPTION_ONLY_HERE: {
    summary: 'At a studio that runs elsewhere you are who you are signed in as, and it has its own settings',
    remedy:
      'Leave the option out, or have that person sign in with `atelier login`. An empty ATELIER_SERVER keeps a command here.',
  },
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
