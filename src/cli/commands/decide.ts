import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { withStudio } from '../with-studio.ts'
import { defaultReporter, followRun } from './follow.ts'

interface DecideOptions extends GlobalOptions {
  readonly as: string
  readonly reason?: string
  readonly subject?: string
}

export function decisionCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  const command = (name: 'approve' | 'reject', description: string): Command =>
    new Command(name)
      .description(description)
      .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
      .option('--as <name>', 'who decides; never somebody in whose name the change was made', 'owner')
      .option('--reason <text>', 'recorded with the decision')
      .option('--subject <digest>', 'refuse unless this is still what is to be decided')
      .action(async (runId: string, _options: unknown, self: Command) => {
        finish(
          await decide(
            context,
            runId,
            name === 'approve' ? 'approved' : 'rejected',
            self.optsWithGlobals<DecideOptions>(),
          ),
        )
      })
  return [
    command('approve', 'approve the change a run waits with, and publish its branch'),
    command('reject', 'reject the change a run waits with'),
  ]
}

async function decide(
  context: CliContext,
  runId: string,
  decision: 'approved' | 'rejected',
  options: DecideOptions,
): Promise<ExitCode> {
  return withStudio(context, options, 'work', async (studio) => {
    const run = await studio.decide(runId, {
      decision,
      by: options.as,
      reason: options.reason,
      subject: options.subject,
    })
    return await followRun(context, studio, run.id, {
      json: options.json === true,
      approver: options.as,
      answerer: defaultReporter,
      whenWaiting: 'leave',
    })
  })
}
