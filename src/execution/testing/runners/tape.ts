import type { Invocation } from '../suite.ts'
import type { ShellWord } from '../detection/shell-words.ts'
import type { PlanRequest, Runner } from './runner.ts'
import { joinCommand, quoteAll, splitArguments } from './command-line.ts'
import { matchAllFiles } from './file-patterns.ts'

const table = {
  withValue: new Set(['-r', '--require', '-i', '--ignore', '--ignore-pattern']),
  dropped: /^(--strict|--no-only|--only)$/,
}
const extensions = /\.(js|cjs|mjs|ts|cts|mts)$/

/** tape has no runner to speak of: a test file is a program. Each is run by itself, so that one cannot end the others. */
export const tape: Runner = {
  framework: 'tape',
  programs: ['tape'],
  dependency: 'tape',
  fileArguments: (invocation) => patterns(invocation),
  plan: async (request) => {
    const { invocation } = request.suite
    const files = request.selection.files ?? (await findFiles(request))
    return {
      concurrency: 1,
      executions: files.map((file) => ({
        file,
        command: joinCommand(
          'node',
          invocation.nodeOptions,
          requires(invocation),
          '--require "$reporters/tape.cjs"',
          quoteAll([file]),
        ),
        reporters: ['channel.cjs', 'tape.cjs'],
        results: 'records',
      })),
    }
  },
}

function patterns(invocation: Invocation): readonly ShellWord[] {
  return invocation.program === 'tape'
    ? splitArguments(invocation.arguments, table).positional
    : invocation.arguments.slice(0, 1)
}

async function findFiles({ suite, files }: PlanRequest): Promise<readonly string[]> {
  const listing = await files.list()
  const found = matchAllFiles(patterns(suite.invocation), listing, extensions)
  const expanded: string[] = []
  for (const file of found) expanded.push(...(await expandAggregator(file, listing, files)))
  return [...new Set(expanded)]
}

/** Statements that only load another file of the package. */
const loadPattern = /^(?:require\(\s*['"](\.[^'"]+)['"]\s*\)|import\s+['"](\.[^'"]+)['"])$/

/** A file that does nothing but load others stands for them. */
async function expandAggregator(
  file: string,
  listing: readonly string[],
  files: PlanRequest['files'],
): Promise<readonly string[]> {
  const text = (await files.read(file)) ?? ''
  const statements = text
    .replace(/^#!.*/, '')
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^['"]use strict['"]$/.test(line))
  const loaded = statements.map((line) => loadPattern.exec(line)).map((match) => match?.[1] ?? match?.[2])
  if (loaded.length === 0 || loaded.includes(undefined)) return [file]
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
  const words = loaded.map((path) => ({ raw: folder + (path ?? ''), text: folder + (path ?? '') }))
  const expanded = matchAllFiles(words, listing, extensions)
  return expanded.length === 0 ? [file] : expanded
}

/** Modules that tape loads first, relative to the package. */
function requires(invocation: Invocation): readonly ShellWord[] {
  const { options } = splitArguments(invocation.program === 'tape' ? invocation.arguments : [], table)
  return options.flatMap((word, at) => {
    const value = options[at + 1]
    return (word.text === '-r' || word.text === '--require') && value !== undefined
      ? [{ raw: '--require', text: '--require' }, value]
      : []
  })
}
