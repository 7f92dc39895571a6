import { Command, Option } from 'commander'
import type { FileKind } from '../../control/context/index.ts'
import { renderContext, renderHits, renderIndexReport } from '../code-report.ts'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { readIssueArgument } from '../issue-argument.ts'
import { numberUpTo } from '../number-argument.ts'
import { placeArgument } from '../repository-argument.ts'
import { writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

interface CodeOptions extends GlobalOptions {
  readonly repo: string
  readonly revision?: string
  readonly as: string
}

interface QuestionOptions extends CodeOptions {
  /** Commander's name for the negated option `--no-index`. */
  readonly index: boolean
}

/** As `control/context` knows them; said again, since a command that is not called loads nothing. */
const fileKinds: Readonly<Record<FileKind, true>> = {
  source: true,
  test: true,
  documentation: true,
  configuration: true,
  other: true,
}

export function codeCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  const command = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option('--repo <path|url>', 'the repository', '.')
      .option('--revision <revision>', "branch, tag or commit (default: the repository's HEAD)")
      .option('--as <name>', 'who asks', 'owner')
  const question = (name: string, description: string): Command =>
    command(name, description).option('--no-index', 'answer from what is indexed already')
  return [
    command('index', 'index the code of a repository, so that it can be searched').action(
      async (_options: unknown, self: Command) => {
        finish(await index(context, self.optsWithGlobals()))
      },
    ),
    question('search', 'find the code that a question is about, and say why')
      .argument('<words...>', 'names, messages or plain words')
      .addOption(
        new Option('--kind <kind>', 'kind of files').choices(Object.keys(fileKinds)).default('source'),
      )
      .option('--limit <n>', 'how many files', numberUpTo(150), 10)
      .action(async (words: string[], _options: unknown, self: Command) => {
        finish(await search(context, words.join(' '), self.optsWithGlobals()))
      }),
    question('context', 'put together the code to read for an issue, within a budget of tokens')
      .requiredOption('--issue <file|-|text>', 'the issue: a file, - for standard input, or the text itself')
      .option('--tokens <n>', 'the budget', numberUpTo(1_000_000), 16_000)
      .action(async (_options: unknown, self: Command) => {
        finish(await assemble(context, self.optsWithGlobals()))
      }),
  ]
}

async function index(context: CliContext, options: CodeOptions): Promise<ExitCode> {
  const { stdout, stderr } = context.terminal
  return withStudio(context, options, 'look', async (studio) => {
    const begun = performance.now()
    const request = { repository: placeArgument(options), by: options.as }
    const report = await studio.code.index(request, (done, total) => {
      if (options.json !== true) writeLine(stderr, `${done} of ${total} files read`)
    })
    if (options.json === true) writeJson(stdout, report)
    else writeLine(stdout, renderIndexReport(report, (performance.now() - begun) / 1000))
    return exitCodes.success
  })
}

async function search(
  context: CliContext,
  words: string,
  options: QuestionOptions & { readonly kind: FileKind; readonly limit: number },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const { limit, kind } = options
    const answer = await studio.code.search({ ...questionOf(options), words, kinds: [kind], limit })
    if (options.json === true) writeJson(context.terminal.stdout, answer)
    else writeLine(context.terminal.stdout, renderHits(answer, context.terminal))
    return exitCodes.success
  })
}

async function assemble(
  context: CliContext,
  options: QuestionOptions & { readonly issue: string; readonly tokens: number },
): Promise<ExitCode> {
  const issue = await readIssueArgument(options.issue, context)
  return withStudio(context, options, 'look', async (studio) => {
    const answer = await studio.code.context({ ...questionOf(options), issue, tokens: options.tokens })
    if (options.json === true) writeJson(context.terminal.stdout, answer)
    else writeLine(context.terminal.stdout, await renderContext(answer))
    return exitCodes.success
  })
}

function questionOf(options: QuestionOptions) {
  return { repository: placeArgument(options), by: options.as, fresh: options.index }
}
