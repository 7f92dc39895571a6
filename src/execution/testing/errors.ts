import { defineErrors } from '../../kernel/index.ts'

export const testingErrors = defineErrors('TESTING', {
  NO_TESTS: {
    summary: 'No test suite was found in this repository',
    remedy: 'Name the command that runs the tests, for example `--test "npm run unit"`.',
  },
  MANIFEST_UNREADABLE: {
    summary: 'A manifest of this repository cannot be read',
    remedy: 'Repair the file that is named, or name the command that runs the tests with `--test`.',
  },
  RUNTIME_MISSING: {
    summary: 'A program that this repository needs is not installed on this machine',
    remedy: 'Install it so that it stands on PATH, then run `atelier doctor` to see that it is found.',
  },
  INSTALL_FAILED: {
    summary: 'The dependencies of this repository could not be installed',
    remedy:
      'Read the end of the log. A missing native build needs install scripts to be allowed; a package that is gone ' +
      'or broken needs a lock file or a date (`before`) that pins the versions of that time.',
  },
  INSTALL_UNREACHABLE: {
    summary: 'The package registry could not be reached',
    remedy: 'Check the connection, the proxy and the configured registries, then try again.',
    retryable: true,
  },
  INSTALL_TIMED_OUT: {
    summary: 'Installing the dependencies took longer than allowed',
    remedy: 'Try again, or raise the time limit for the installation.',
    retryable: true,
  },
  NO_COVERAGE: {
    summary: 'The coverage of this suite cannot be measured',
    remedy: 'Faults are then looked for without coverage; nothing has to be done.',
  },
})
