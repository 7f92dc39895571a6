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
    remedy: 'docs/configuration.md says what it takes; set it to that, or unset it.',
  },
  URL_MISSING: {
    summary: 'Others are to reach the studio, but nobody said under which address',
    remedy:
      'Put a reverse proxy with TLS before it and set ATELIER_URL to its https address, or listen at 127.0.0.1.',
  },
  DOCS_PORT: {
    summary: 'The documentation cannot be served at this port',
    remedy: 'Name another with `--port`, or 0 for any that is free.',
  },
  DISK_FULL: {
    summary: 'There is too little space for the state of the studio',
    remedy:
      'Free space there, or keep the state elsewhere with --data-directory. Runs go on with atelier resume.',
  },
  BACKUP_EXTERNAL: {
    summary: 'The database is a server of yours, which this command does not back up',
    remedy:
      'Back it up with the means of PostgreSQL, for example pg_basebackup, and copy the data directory afterwards.',
  },
  BACKUP_NOTHING: {
    summary: 'There is no studio in the data directory',
    remedy: 'Name the data directory of a studio with --data-directory.',
  },
  BACKUP_OCCUPIED: {
    summary: 'The folder to write to is not empty',
    remedy: 'Name a folder that is empty or does not exist yet.',
  },
  BACKUP_INVALID: {
    summary: 'The folder is no complete backup, or was changed since it was written',
    remedy:
      'Use another backup. What was copied into the data directory until then can be removed; it is not usable.',
  },
  MOVE_NOTHING: {
    summary: 'There is no embedded database in the data directory to move',
    remedy:
      'Name the data directory of a studio with --data-directory, or set DATABASE_URL to where its database is.',
  },
  MOVE_SAME: {
    summary: 'The database is to be moved to where it is',
    remedy:
      'Name another place with --to. The one it comes from is what DATABASE_URL names, or the embedded one without.',
  },
  URL_INVALID: {
    summary: 'The address of the studio cannot be used',
    remedy:
      'Use an https address without a path, such as https://studio.example.org, or http on this machine.',
  },
  SERVER_UNREACHABLE: {
    summary: 'The studio does not answer at this address',
    remedy: 'Correct the address, and see whether the studio runs there.',
    retryable: true,
  },
  SERVER_UNTRUSTED: {
    summary: 'The certificate of the studio is not one that this machine trusts',
    remedy:
      'Check the address. Where the certificate is your own, or of an authority of your own, get its file from whoever runs the studio and name it: `NODE_EXTRA_CA_CERTS=/path/to/studio.pem atelier …`.',
  },
  NOT_SIGNED_IN: {
    summary: 'You are not signed in at this studio',
    remedy: 'Sign in with `atelier login --server <url>`, or set ATELIER_TOKEN to an API token.',
  },
  SIGN_IN_ENDED: {
    summary: 'The studio does not accept this sign-in, or not any more',
    remedy: 'Sign in again with `atelier login --server <url>`, or set ATELIER_TOKEN to a token that holds.',
  },
  REPOSITORY_ELSEWHERE: {
    summary: 'The studio runs on another machine, which cannot see this folder',
    remedy: 'Name the address that the studio clones it from; `git remote get-url origin` may print it.',
  },
  PERSON_ELSEWHERE: {
    summary: 'At a studio that runs elsewhere you are who you are signed in as',
    remedy: 'Leave --as, --reporter and --approver out, or sign in as somebody else with `atelier login`.',
  },
  SIGN_IN_REFUSED: {
    summary: 'The sign-in was refused, or nobody decided about it in time',
    remedy: 'Start again with `atelier login`.',
  },
  CREDENTIALS_UNREADABLE: {
    summary: 'The file with the sign-ins of this account cannot be used',
    remedy: 'Correct the file that the message names, or remove it and sign in again.',
  },
})
