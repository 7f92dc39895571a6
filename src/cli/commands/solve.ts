import { Command, Option } from 'commander'
import type { CliContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readIssueArgument } from '../issue-argument.ts'
import { submitAndFollow, type SubmissionOptions, withSubmissionOptions } from '../submission-options.ts'

interface SolveOptions extends SubmissionOptions {
  readonly issue: string
  readonly kind?: 'repair' | 'lint-fix' | 'format' | 'dependency-update'
}

export function solveCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  const command = new Command('solve')
    .description('turn an issue into a verified change and ask a person to approve it')
    .requiredOption('--repo <path|url>', 'the repository')
    .requiredOption('--issue <file|-|text>', 'the issue: a file, - for standard input, or the text itself')
    .addOption(
      new Option(
        '--kind <kind>',
        'what is to be done; a title that asks for lint fixes or formatting alone is read so, all else is a repair',
      ).choices(['repair', 'lint-fix', 'format', 'dependency-update']),
    )
  return withSubmissionOptions(command).action(async (_options: unknown, called: Command) => {
    const options = called.optsWithGlobals<SolveOptions>()
    const issue = await readIssueArgument(options.issue, context)
    const { kind } = options
    finish(
      await submitAndFollow(context, options, { issue, ...(kind === undefined ? {} : { task: { kind } }) }),
    )
  })
}
