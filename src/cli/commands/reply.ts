import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { withStudio } from '../with-studio.ts'
import { defaultReporter, followRun } from './follow.ts'

interface ReplyOptions extends GlobalOptions {
  readonly as: string
  readonly question?: string
}

export function replyCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('reply')
    .description('answer what an agent asks, so that the run goes on')
    .argument('<run>', 'run id, a unique part of it, or "latest"')
    .argument('<text>', 'the answer, as the agent gets to read it')
    .option('--as <name>', 'who answers, and so becomes an author of the change', defaultReporter)
    .option('--question <id>', 'refuse unless this is still what is asked')
    .action(async (runId: string, text: string, _options: unknown, self: Command) => {
      finish(await reply(context, runId, text, self.optsWithGlobals()))
    })
}

async function reply(
  context: CliContext,
  runId: string,
  text: string,
  options: ReplyOptions,
): Promise<ExitCode> {
  return withStudio(context, options, 'work', async (studio) => {
    const run = await studio.reply(runId, { text, by: options.as, question: options.question })
    return await followRun(context, studio, run.id, {
      json: options.json === true,
      approver: 'owner',
      answerer: options.as,
      whenWaiting: 'leave',
    })
  })
}
