import type { Runner } from './runner.ts'
import { joinCommand, programCommand, quoteAll, splitArguments } from './command-line.ts'

const table = {
  withValue: new Set<string>(),
  dropped: /^(--reporter|--color|--no-color|--verbose|--fail-fast|--stop-on-failure)$/,
}

export const jasmine: Runner = {
  framework: 'jasmine',
  programs: ['jasmine'],
  dependency: 'jasmine',
  configuration: /^(spec\/support\/)?jasmine\.(json|js|mjs)$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional,
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            programCommand(invocation, 'jasmine'),
            '--helper="$reporters/jasmine.cjs"',
            options,
            selection.files === undefined ? positional : quoteAll(selection.files),
          ),
          reporters: ['channel.cjs', 'jasmine.cjs'],
          results: 'records',
        },
      ],
    })
  },
}
