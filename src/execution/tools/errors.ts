import { defineErrors } from '../../kernel/index.ts'

export const toolErrors = defineErrors('TOOL', {
  UNKNOWN: {
    summary: 'There is no tool of this name',
    remedy: 'Correct the name in the workflow or the agent file.',
  },
  DECLARED_TWICE: {
    summary: 'Two tools have the same name',
    remedy: 'Rename one of them; names identify tools in policies and in the audit log.',
  },
  NO_RECOVERY: {
    summary: 'A tool with an external effect does not say how to find out whether it happened',
    remedy: 'Implement `recover`, so that a crash cannot make the effect happen twice.',
  },
})

export const reproductionErrors = defineErrors('REPRODUCE', {
  NOTHING_FAILS: {
    summary: 'Every test passes, so nothing shows the fault',
    remedy: 'Add a test that fails because of the fault, commit it, and submit the issue again.',
  },
  NO_TESTS: {
    summary: 'The suite ran no test',
    remedy: 'Name the command that runs the tests with --test.',
  },
  SUITE_HANGS: {
    summary: 'The suite did not end in time and reported no failing test',
    remedy: 'Run the suite by hand to see where it hangs, or name a narrower command with --test.',
  },
  SUITE_CRASHES: {
    summary: 'The suite ended before it reported any failing test',
    remedy:
      'The end of its output says why; often a build step or a dependency is missing. Correct it or name a command with --test.',
  },
  NEEDS_NETWORK: {
    summary: 'The failing tests reach for the network, which tests do not have in the sandbox',
    remedy:
      'Replace what they reach for with a local stand-in, or name a command that leaves them out with --test; then submit the issue again.',
  },
  ORDER_DEPENDENT: {
    summary: 'The failing tests pass alone and fail together with the others',
    remedy:
      'They depend on what other tests leave behind: global state, files, or ports. Make each test set up and clean up what it needs, then submit the issue again.',
  },
  FLAKY: {
    summary: 'The failing tests passed when they were run again',
    remedy: 'The fault does not show reliably. Make the test deterministic, then submit the issue again.',
  },
})
