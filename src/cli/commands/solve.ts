import { Command } from 'commander'
import { readIssue } from '../../control/intake/index.ts'
import type { CliContext, GlobalOptions } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { issueArgument } from '../issue-argument.ts'
import { repositoryArgument } from '../repository-argument.ts'
import { writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'
import { followRun } from './follow.ts'

interface SolveOptions extends GlobalOptions {
  readonly repo: string
  readonly issue: string
  readonly test?: string
  readonly revision?: string
  readonly reporter: string
  readonly approver: string
  readonly approve?: boolean
  readonly wait: boolean
  readonly key?: string
}

export function solveCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('solve')
    .description('turn an issue into a verified change and ask a person to approve it')
    .requiredOption('--repo <path|url>', 'the repository')
    .requiredOption('--issue <file|-|text>', 'the issue: a file, - for standard input, or the text itself')
    .option('--test <command>', "the project's test command, when it cannot be detected")
    .option('--revision <revision>', "branch, tag or commit to start from (default: the repository's HEAD)")
    .option('--reporter <name>', 'who asks; agents act on this person’s behalf', 'reporter')
    .option('--approver <name>', 'who decides when asked on this terminal', 'owner')
    .option('--approve', 'approve as the approver without asking, once the change is verified')
    .option('--no-wait', 'leave the run waiting for approval instead of asking')
    .option('--key <key>', 'idempotency key: the same key never starts a second run')
    .action(async (_options: unknown, command: Command) => {
      finish(await solve(context, command.optsWithGlobals<SolveOptions>()))
    })
}

async function solve(context: CliContext, options: SolveOptions): Promise<ExitCode> {
  const issue = await readIssue(issueArgument(options.issue, context))
  return withStudio(context, options, 'work', async (studio) => {
    const { runId } = await studio.submit({
      issue,
      repository: {
        location: repositoryArgument(options.repo),
        ...(options.revision === undefined ? {} : { revision: options.revision }),
      },
      ...(options.test === undefined ? {} : { testCommand: options.test }),
      reporter: options.reporter,
      ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
    })
    if (options.json !== true) writeLine(context.terminal.stderr, `Run ${runId}`)
    return await followRun(context, studio, runId, {
      json: options.json === true,
      approver: options.approver,
      whenWaiting: options.approve === true ? 'approve' : options.wait ? 'ask' : 'leave',
    })
  })
}
