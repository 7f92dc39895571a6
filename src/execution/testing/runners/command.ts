import { readTapPoints } from '../running/tap-stream.ts'
import type { Runner } from './runner.ts'
import { joinCommand } from './command-line.ts'

/** Any other command: its exit status is understood, and TAP if that is what it prints. */
export const command: Runner = {
  framework: 'command',
  programs: [],
  fileArguments: () => [],
  plan: ({ suite: { invocation } }) =>
    Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(invocation.program, invocation.arguments),
          reporters: [],
          results: 'output',
          exec: false,
        },
      ],
    }),
  readOutput: (stdout) =>
    Promise.resolve(
      /^(TAP version 1[34]|\d+\.\.\d+|(not )?ok \d+)/m.test(stdout)
        ? readTapPoints(stdout)
        : { cases: [], complete: false },
    ),
}
