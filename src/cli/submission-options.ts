import type { Command } from 'commander'
import { defaultReporter, followRun } from './commands/follow.ts'
import type { CliContext, GlobalOptions } from './context.ts'
import type { Submission } from '../contracts/index.ts'
import type { ExitCode } from './exit-codes.ts'
import { placeArgument } from './repository-argument.ts'
import { writeLine } from './terminal.ts'
import { withStudio } from './with-studio.ts'

/** What every command takes that starts a run. */
export interface SubmissionOptions extends GlobalOptions {
  readonly repo: string
  readonly test?: string
  readonly revision?: string
  readonly reporter: string
  readonly approver: string
  readonly approve?: boolean
  readonly wait: boolean
  readonly key?: string
  readonly label: readonly string[]
  readonly project?: string
}

export function withSubmissionOptions(command: Command): Command {
  return command
    .option('--test <command>', "the project's test command, when it cannot be detected")
    .option('--revision <revision>', "branch, tag or commit to start from (default: the repository's HEAD)")
    .option('--label <label...>', 'labels of the work, by which it may be routed', [])
    .option(
      '--project <id>',
      'the project that the work belongs to (default: the one that has the repository)',
    )
    .option('--reporter <name>', 'who asks; agents act on this person’s behalf', defaultReporter)
    .option('--approver <name>', 'who decides when asked on this terminal', 'owner')
    .option('--approve', 'approve as the approver without asking, once the change is verified')
    .option('--no-wait', 'leave the run waiting for approval instead of asking')
    .option('--key <key>', 'idempotency key: the same key never starts a second run')
}

/** Starts a run and follows it to its end or to a decision. */
export async function submitAndFollow(
  context: CliContext,
  options: SubmissionOptions,
  work: Pick<Submission, 'issue' | 'task'>,
): Promise<ExitCode> {
  return withStudio(context, options, 'work', async (studio) => {
    const { runId } = await studio.submit({
      ...work,
      repository: placeArgument(options),
      ...(options.test === undefined ? {} : { testCommand: options.test }),
      labels: [...options.label],
      reporter: options.reporter,
      ...(options.project === undefined ? {} : { projectId: options.project }),
      ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
    })
    if (options.json !== true) writeLine(context.terminal.stderr, `Run ${runId}`)
    return await followRun(context, studio, runId, {
      json: options.json === true,
      approver: options.approver,
      answerer: options.reporter,
      whenWaiting: options.approve === true ? 'approve' : options.wait ? 'ask' : 'leave',
    })
  })
}
