import type { Runner } from './runner.ts'
import { joinCommand, namePattern, programCommand, quoteAll, splitArguments } from './command-line.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -c --config -r --root --dir -t --testNamePattern --project --environment --pool --reporter
    --outputFile --mode --shard --maxWorkers --workspace --exclude --testTimeout --hookTimeout
    --retry --bail`),
  dropped:
    /^(--coverage.*|--reporter|--outputFile|-w|--watch|--ui|--open|--run|-u|--update|--silent|--bail)$/,
}

export const vitest: Runner = {
  framework: 'vitest',
  programs: ['vitest'],
  dependency: 'vitest',
  configuration: /^vitest\.(config|workspace|projects)\.\w+$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional.filter(isNoVerb),
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            programCommand(invocation, 'vitest'),
            'run --coverage.enabled=false --reporter="$reporters/vitest.cjs"',
            options,
            selection.names === undefined ? '' : `-t ${quoteAll([namePattern(selection.names)])}`,
            selection.files === undefined ? positional.filter(isNoVerb) : quoteAll(selection.files),
          ),
          reporters: ['channel.cjs', 'vitest.cjs'],
          results: 'records',
        },
      ],
    })
  },
}

function isNoVerb(word: { readonly text: string }, at: number): boolean {
  return at > 0 || !['run', 'watch', 'dev', 'related', 'bench'].includes(word.text)
}
