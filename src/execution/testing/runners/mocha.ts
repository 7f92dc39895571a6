import type { Runner } from './runner.ts'
import { joinCommand, namePattern, programCommand, quoteAll, splitArguments } from './command-line.ts'

const table = {
  withValue: new Set(
    [
      '-r',
      '--require',
      '-t',
      '--timeout',
      '-s',
      '--slow',
      '-u',
      '--ui',
      '-g',
      '--grep',
      '-f',
      '--fgrep',
      '--config',
    ]
      .concat([
        '-R',
        '--reporter',
        '-O',
        '--reporter-option',
        '--reporter-options',
        '--file',
        '--ignore',
        '--exclude',
      ])
      .concat([
        '--extension',
        '--opts',
        '--package',
        '--retries',
        '-j',
        '--jobs',
        '--spec',
        '--import',
        '--loader',
      ])
      .concat(['-n', '--node-option', '--watch-files', '--watch-ignore', '--compilers', '--globals']),
  ),
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
