import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { readIssueArgument } from '../issue-argument.ts'
import { numberUpTo } from '../number-argument.ts'
import { renderExplanation, renderRoutingReport } from '../route-report.ts'
import { writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

interface RouteOptions extends GlobalOptions {
  readonly as: string
}

export function routeCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  const route = new Command('route').description(
    'who tries which work: rules, difficulty, and tiers of models',
  )
  route
    .command('explain')
    .description('say who would try a piece of work, in which order, and why; nothing is run')
    .argument('<issue>', 'the issue: a file, - for standard input, or the text itself')
    .option('--label <label...>', 'labels of the issue', [])
    .option('--as <name>', 'who asks', 'owner')
    .action(async (issue: string, _options: unknown, command: Command) => {
      finish(await explain(context, issue, command.optsWithGlobals()))
    })
  route
    .command('report')
    .description('quality and cost of each tier, and work that was given to the wrong one')
    .option('--days <n>', 'how far back', numberUpTo(3650), 30)
    .option('--as <name>', 'who asks', 'owner')
    .action(async (_options: unknown, command: Command) => {
      finish(await report(context, command.optsWithGlobals()))
    })
  return route
}

async function explain(
  context: CliContext,
  argument: string,
  options: RouteOptions & { readonly label: readonly string[] },
): Promise<ExitCode> {
  const issue = await readIssueArgument(argument, context)
  return withStudio(context, options, 'look', async (studio) => {
    const answer = await studio.routing.explain({ issue, labels: options.label, by: options.as })
    if (options.json === true) writeJson(context.terminal.stdout, answer)
    else writeLine(context.terminal.stdout, renderExplanation(answer, context.terminal))
    return exitCodes.success
  })
}

async function report(
  context: CliContext,
  options: RouteOptions & { readonly days: number },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const answer = await studio.routing.report({ days: options.days, by: options.as })
    if (options.json === true) writeJson(context.terminal.stdout, answer)
    else writeLine(context.terminal.stdout, renderRoutingReport(answer, context.terminal))
    return exitCodes.success
  })
}
