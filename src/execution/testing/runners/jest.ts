import type { Runner } from './runner.ts'
import { joinCommand, namePattern, programCommand, quoteAll, splitArguments } from './command-line.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -c --config -w --maxWorkers -t --testNamePattern --testPathPattern --env --testEnvironment
    --rootDir --roots --projects --selectProjects --testTimeout --setupFilesAfterEnv --reporters
    --outputFile --coverageReporters --coverageDirectory --collectCoverageFrom --moduleNameMapper
    --transform --shard --testMatch --preset --seed`),
  dropped:
    /^(--coverage.*|--collectCoverage.*|--reporters|--json|--outputFile|--watch.*|--verbose|--notify|--silent|--ci|-o|--onlyChanged)$/,
}

export const jest: Runner = {
  framework: 'jest',
  programs: ['jest', 'react-scripts'],
  dependency: 'jest',
  configuration: /^jest\.config\.(js|cjs|mjs|ts|json)$/,
  fileArguments: ({ program, arguments: words }) =>
    splitArguments(program === 'react-scripts' ? words.slice(1) : words, table).positional,
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    const scripts = invocation.program === 'react-scripts'
    const files = selection.files === undefined ? positional : `--runTestsByPath ${quoteAll(selection.files)}`
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            programCommand(invocation, scripts ? 'react-scripts test' : 'jest'),
            // Without `--coverage=false` thresholds of the configuration would decide about success.
            '--ci --coverage=false --watchAll=false --testLocationInResults --reporters="$reporters/jest.cjs"',
            options,
            selection.names === undefined ? '' : `-t ${quoteAll([namePattern(selection.names)])}`,
            scripts ? positional.slice(1) : files,
          ),
          reporters: ['channel.cjs', 'jest.cjs'],
          results: 'records',
        },
      ],
    })
  },
}
