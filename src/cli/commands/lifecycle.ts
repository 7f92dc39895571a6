import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { renderReport } from '../report.ts'
import { writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'
import { defaultReporter, followRun } from './follow.ts'

interface LifecycleOptions extends GlobalOptions {
  readonly as: string
}

export function lifecycleCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  return [
    new Command('cancel')
      .description('stop a run; what it made so far is kept in the record')
      .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
      .option('--as <name>', 'who cancels', 'owner')
      .option('--reason <text>', 'recorded with the run', 'cancelled on the command line')
      .action(async (runId: string, _options: unknown, command: Command) => {
        finish(await cancel(context, runId, command.optsWithGlobals()))
      }),
    new Command('resume')
      .description('go on with a run whose process died, or try its failed steps again')
      .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
      .option('--as <name>', 'who resumes, and who decides when asked', 'owner')
      .action(async (runId: string, _options: unknown, command: Command) => {
        finish(await resume(context, runId, command.optsWithGlobals()))
      }),
  ]
}

async function cancel(
  context: CliContext,
  runId: string,
  options: LifecycleOptions & { readonly reason: string },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const run = await studio.cancelRun(runId, options.as, options.reason)
    if (options.json === true) writeJson(context.terminal.stdout, run)
    else writeLine(context.terminal.stdout, renderReport(run, context.terminal))
    return exitCodes.success
  })
}

async function resume(context: CliContext, runId: string, options: LifecycleOptions): Promise<ExitCode> {
  return withStudio(context, options, 'work', async (studio) => {
    const run = await studio.resumeRun(runId, options.as)
    return await followRun(context, studio, run.id, {
      json: options.json === true,
      approver: options.as,
      answerer: defaultReporter,
      whenWaiting: 'ask',
    })
  })
}
