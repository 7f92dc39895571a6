import { z } from 'zod'
import type { ShellWord } from '../detection/shell-words.ts'
import { literalWord } from '../detection/shell-words.ts'
import type { Invocation } from '../suite.ts'
import type { PlanRequest, Runner } from './runner.ts'
import { parseYaml } from '../structured-text.ts'
import { joinCommand, namePattern, quoteAll, splitArguments } from './command-line.ts'
import { defaultTestFiles, matchAllFiles } from './file-patterns.ts'
import { wordSet } from '../detection/word-set.ts'

/** Where `node --test` looks by itself (https://nodejs.org/api/test.html#running-tests-from-the-command-line). */
const defaultPattern = /(^|\/)(test\/.*|test|test-[^/]+|[^/]+[._-]test)\.(js|cjs|mjs|ts|cts|mts)$/
const extensions = /\.(js|cjs|mjs|ts|cts|mts)$/

const nodeTable = {
  withValue: wordSet(`
    -r --require --import --loader --experimental-loader -C --conditions --env-file
    --test-name-pattern --test-skip-pattern --test-reporter --test-reporter-destination
    --test-concurrency --test-timeout --test-shard`),
  dropped:
    /^(--test|--watch.*|--test-reporter.*|--test-concurrency|--test-isolation|--test-coverage.*|--experimental-test-coverage|--test-shard|--test-force-exit)$/,
}

const borpTable = {
  withValue: wordSet(`
    --concurrency -c --timeout -t --reporter -r --ignore -i --pattern -p --name -n --check-coverage
    --coverage-exclude -X --lines --branches --functions --statements --only-changed --post-compile`),
  dropped: /.^/,
}

/** `node --test`, and borp, which is that with defaults of its own. Each file is a program of its own, as there. */
export const nodeTest: Runner = {
  framework: 'node:test',
  programs: ['borp'],
  dependency: 'borp',
  configuration: /^\.borp\.ya?ml$/,
  fileArguments: (invocation) =>
    invocation.program === 'borp'
      ? splitArguments(invocation.arguments, borpTable).positional
      : invocation.arguments,
  plan: async (request) => {
    const { suite, selection, processors } = request
    const files = selection.files ?? (await findFiles(request))
    const { options } = splitArguments(suite.invocation.nodeOptions, nodeTable)
    const names =
      selection.names === undefined
        ? ''
        : selection.names
            .map(
              (name) => `--test-name-pattern=${quoteAll([namePattern([name.split(' > ').at(-1) ?? name])])}`,
            )
            .join(' ')
    return {
      // As `node --test` does.
      concurrency: Math.max(1, processors - 1),
      executions: files.map((file) => ({
        file,
        command: joinCommand(
          'node',
          options,
          names,
          '--require "$reporters/exit.cjs"',
          '--test-reporter="$reporters/node-test.cjs" --test-reporter-destination=stderr',
          quoteAll([file]),
        ),
        reporters: ['channel.cjs', 'exit.cjs', 'node-test.cjs'],
        results: 'records',
      })),
    }
  },
}

async function findFiles({ suite, files }: PlanRequest): Promise<readonly string[]> {
  const listing = await files.list()
  const { invocation } = suite
  const words = invocation.program === 'borp' ? await borpPatterns(invocation, files) : invocation.arguments
  return words.length === 0
    ? defaultTestFiles(listing, defaultPattern)
    : matchAllFiles(words, listing, extensions)
}

const borpConfigSchema = z.object({ files: z.array(z.string()).optional() })

async function borpPatterns(
  invocation: Invocation,
  files: PlanRequest['files'],
): Promise<readonly ShellWord[]> {
  const { positional } = splitArguments(invocation.arguments, borpTable)
  if (positional.length > 0) return positional
  for (const name of ['.borp.yaml', '.borp.yml']) {
    const parsed = borpConfigSchema.safeParse(parseYaml(await files.read(name)))
    if (parsed.success && parsed.data.files !== undefined) return parsed.data.files.map(literalWord)
  }
  return ['**/*.test.{cjs,mjs,js,ts}', '**/*-test.{cjs,mjs,js,ts}'].map(literalWord)
}
