import type { Runner } from './runner.ts'
import { joinCommand, namePattern, programCommand, quoteAll, splitArguments } from './command-line.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -r --require -t --timeout -s --slow -u --ui -g --grep -f --fgrep --config -R --reporter -O
    --reporter-option --reporter-options --file --ignore --exclude --extension --opts --package
    --retries -j --jobs --spec --import --loader -n --node-option --watch-files --watch-ignore
    --compilers --globals`),
  dropped:
    /^(-R|--reporter|-O|--reporter-options?|-w|--watch|--watch-files|--watch-ignore|-b|--bail|-C|--colors?|-c|--no-colors?)$/,
}

export const mocha: Runner = {
  framework: 'mocha',
  programs: ['mocha'],
  dependency: 'mocha',
  configuration: /^\.mocharc\.\w+$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional,
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            programCommand(invocation, 'mocha'),
            '--reporter "$reporters/mocha.cjs"',
            options,
            selection.names === undefined ? '' : `--grep ${quoteAll([namePattern(selection.names)])}`,
            selection.files === undefined ? positional : quoteAll(selection.files),
          ),
          reporters: ['channel.cjs', 'mocha.cjs'],
          results: 'records',
        },
      ],
    })
  },
}
