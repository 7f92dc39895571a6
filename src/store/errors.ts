import { defineErrors } from '../kernel/index.ts'

export const storeErrors = defineErrors('STORE', {
  UNAVAILABLE: {
    summary: 'The database cannot be reached',
    remedy:
      'Wait until it is back: the studio tries again by itself. With your own server, check that it runs.',
    retryable: true,
  },
  BUSY: {
    summary: 'All connections to the database were in use for too long',
    remedy:
      'Try again in a moment. If it happens often, the machine or its database has too much to do: give it more, or ask for less at once.',
    retryable: true,
  },
  CONFLICT: {
    summary: 'Two transactions got in each other’s way and this one was rolled back',
    remedy: 'Nothing was changed; the same step can be tried again.',
    retryable: true,
  },
  NO_SPACE: {
    summary: 'The disk that holds the database is full',
    remedy:
      'Free some space on the file system of the data directory, then resume the run; nothing was lost.',
  },
  FORBIDDEN: {
    summary: 'The database refused access to rows of another tenant or to a table the studio may not use so',
    remedy: 'This is a defect or an attack: look at the audit log of the run and report it.',
  },
  AUTHENTICATION_FAILED: {
    summary: 'The database refused the user name or password',
    remedy: 'Correct the user and password in the address of the database, or set PGPASSWORD.',
  },
  DATABASE_MISSING: {
    summary: 'The database does not exist on its server',
    remedy: 'Create it with CREATE DATABASE, or correct the name at the end of its address.',
  },
  URL_INVALID: {
    summary: 'DATABASE_URL is not a PostgreSQL address',
    remedy: 'Write it as postgresql://user:password@host:5432/database.',
  },
  SERVER_TOO_OLD: {
    summary: 'The PostgreSQL server is too old',
    remedy:
      'Use PostgreSQL 15 or newer, or leave DATABASE_URL out to use the server that comes with the studio.',
  },
  ROLES_MISSING: {
    summary: 'The database lacks the roles of the studio and the user of DATABASE_URL may not create them',
    remedy: 'Have an administrator run the SQL statements in the details once.',
  },
  ROLE_UNSAFE: {
    summary: 'A role that must be bound by row-level security is not',
    remedy:
      'Have an administrator run ALTER ROLE … NOSUPERUSER NOBYPASSRLS on the role named in the details.',
  },
  SCHEMA_NEWER: {
    summary: 'The database was written by a newer version of the studio',
    remedy: 'Start the newer version, or use another data directory or database.',
  },
  MOVE_NOTHING: {
    summary: 'There is no studio in the database that is to be moved',
    remedy: 'Name the data directory or the DATABASE_URL of a studio.',
  },
  MOVE_OUTDATED: {
    summary: 'The database that is to be moved was written by an older version of the studio',
    remedy: 'Start this version there once, which brings it up to date, end it, and move then.',
  },
  MOVE_IN_USE: {
    summary: 'A studio works on the database that is to be moved',
    remedy: 'End all of its processes, then move.',
  },
  MOVE_OCCUPIED: {
    summary: 'The database to move to is not empty',
    remedy:
      'Name one that is, which CREATE DATABASE makes. On the way back, move the old folder postgresql of the data directory elsewhere first.',
  },
  MOVE_INCOMPLETE: {
    summary: 'Not all rows arrived in the database to move to',
    remedy: 'Nothing was moved. This is a defect of the studio or of a server: report it with this message.',
  },
  MIGRATION_FAILED: {
    summary: 'The database could not be brought to the schema of this version',
    remedy: 'Nothing was changed. The detail says which statement failed; correct its cause and start again.',
  },
})

export const embeddedServerErrors = defineErrors('EMBEDDED', {
  PLATFORM_UNSUPPORTED: {
    summary: 'There is no embedded PostgreSQL for this machine',
    remedy:
      'Run npm ci with optional dependencies on Linux x64 or arm64, or set DATABASE_URL to a PostgreSQL server.',
  },
  IN_USE: {
    summary: 'The data directory is in use by another process',
    remedy: 'End that process, or give this one its own data directory.',
  },
  UNREACHABLE: {
    summary: 'The data directory cannot be written',
    remedy: 'Choose a directory that you may write to, or correct its owner and permissions.',
  },
  INVALID: {
    summary: 'The data directory holds something that is not a PostgreSQL database',
    remedy: 'Move that folder away, or choose another data directory.',
  },
  OCCUPIED: {
    summary: 'There is a database already where one was to be restored',
    remedy: 'Name a data directory that does not exist yet.',
  },
  VERSION_MISMATCH: {
    summary: 'The data directory belongs to another major version of PostgreSQL',
    remedy:
      'Start the version of the studio that wrote it and export the data, or choose another data directory.',
  },
  NO_ACCOUNT: {
    summary: 'The database server has no user account to run as',
    remedy: 'PostgreSQL needs an account in /etc/passwd other than root: create one, or set DATABASE_URL.',
  },
  NO_SPACE: {
    summary: 'The disk that holds the data directory is full',
    remedy: 'Free some space there, then start again; nothing was lost.',
  },
  START_FAILED: {
    summary: 'The embedded PostgreSQL server did not start',
    remedy: 'The detail quotes its log. Correct the cause and start again, or set DATABASE_URL.',
  },
})
