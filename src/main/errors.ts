import { defineErrors } from '../kernel/index.ts'

export const hostErrors = defineErrors('HOST', {
  PROGRAMS_MISSING: {
    summary: 'This machine lacks programs that the studio needs',
    remedy: 'Run the command in the message as root, then start again.',
  },
  INSTALLATION_FAILED: {
    summary: 'The programs that the studio needs could not be installed',
    remedy: 'Correct the cause, which the message quotes, or install them by hand, then start again.',
  },
  SETTING_INVALID: {
    summary: 'A variable of the environment has a value that it cannot have',
    remedy: 'Set it to a whole number, or unset it.',
  },
  DISK_FULL: {
    summary: 'There is too little space for the state of the studio',
    remedy:
      'Free space there, or keep the state elsewhere with --data-directory. Runs go on with atelier resume.',
  },
})
