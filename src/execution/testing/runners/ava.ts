import { matchesGlob } from 'node:path'
import type { CaseRecord } from '../running/records.ts'
import { readTapPoints } from '../running/tap-stream.ts'
import type { Runner } from './runner.ts'
import { joinCommand, programCommand, quoteAll, splitArguments } from './command-line.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -m --match -c --concurrency -T --timeout --node-arguments --config`),
  dropped: /^(-t|--tap|-v|--verbose|-w|--watch|-u|--update-snapshots|--fail-fast|--color|--no-color)$/,
}

/** Where AVA looks by itself (https://github.com/avajs/ava/blob/main/docs/01-writing-tests.md). */
const patterns = [
  'test',
  '**/*.test',
  '**/test-*',
  '**/test/**/*',
  '**/tests/**/*',
  '**/__tests__/**/*',
  'src/test',
]

/** AVA prints TAP itself, from its main process; what tests print in their workers goes to standard error. */
export const ava: Runner = {
  framework: 'ava',
  programs: ['ava'],
  dependency: 'ava',
  configuration: /^ava\.config\.(js|cjs|mjs)$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional,
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            programCommand(invocation, 'ava'),
            '--tap',
            options,
            selection.files === undefined ? positional : quoteAll(selection.files),
          ),
          reporters: [],
          results: 'output',
        },
      ],
    })
  },
  readOutput: async (stdout, { files, selection }) => {
    const reading = readTapPoints(stdout)
    const listing = selection.files ?? (await files.list()).filter(isTestFile)
    return { ...reading, cases: reading.cases.map((test) => withFile(test, listing)) }
  },
}

function isTestFile(file: string): boolean {
  return patterns.some((pattern) => matchesGlob(file, `${pattern}.{js,cjs,mjs,ts,cts,mts}`))
}

/** What AVA puts in front of a title when it runs several files. */
function prefixesOf(file: string): readonly string[] {
  const parts = file.split('/').filter((part) => part !== '__tests__')
  const last = (parts.pop() ?? '')
    .replace(/\.[^.]+$/, '')
    .replace(/\.(spec|test)$/, '')
    .replace(/^test-/, '')
  const full = [...parts, last]
  return full.map((_, at) => full.slice(at).join(' › '))
}

function withFile(test: CaseRecord, listing: readonly string[]): CaseRecord {
  const only = listing.length === 1 ? listing[0] : undefined
  if (only !== undefined && !prefixesOf(only).some((prefix) => test.name.startsWith(`${prefix} › `)))
    return { ...test, file: only }
  let best: { readonly file: string; readonly prefix: string } | undefined
  for (const file of listing)
    for (const prefix of prefixesOf(file))
      if (test.name.startsWith(`${prefix} › `) && prefix.length > (best?.prefix.length ?? 0))
        best = { file, prefix }
  return best === undefined
    ? test
    : { ...test, file: best.file, name: test.name.slice(best.prefix.length + ' › '.length) }
}
