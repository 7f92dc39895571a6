import { Command } from 'commander'
import type { RunEventView, RunSummary } from '../../contracts/index.ts'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { numberUpTo } from '../number-argument.ts'
import { renderReport } from '../report.ts'
import { oneLine, printable, writeJson, writeLine, type Terminal } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

export function listCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  return [
    new Command('runs')
      .description('list runs, newest first')
      .option('--limit <n>', 'how many', numberUpTo(1000), 20)
      .option('--after <cursor>', 'the page after this cursor')
      .action(async (_options: unknown, command: Command) => {
        finish(await listRuns(context, command.optsWithGlobals()))
      }),
    new Command('show')
      .description('show a run: what was asked, changed and proven, and what it waits for')
      .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
      .option('--diff', 'print the whole diff and nothing else')
      .option('--steps', 'list the steps with their state, attempts and times')
      .action(async (runId: string, _options: unknown, command: Command) => {
        finish(await showRun(context, runId, command.optsWithGlobals()))
      }),
    new Command('logs')
      .description('print what a run did, as it happened')
      .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
      .option('-f, --follow', 'go on until the run has ended or waits for a person')
      .action(async (runId: string, _options: unknown, command: Command) => {
        finish(await printLogs(context, runId, command.optsWithGlobals()))
      }),
  ]
}

async function listRuns(
  context: CliContext,
  options: GlobalOptions & { readonly limit: number; readonly after?: string },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const page = await studio.listRuns({
      limit: options.limit,
      ...(options.after === undefined ? {} : { after: options.after }),
    })
    const { stdout } = context.terminal
    if (options.json === true) writeJson(stdout, page)
    else if (page.items.length === 0) {
      writeLine(stdout, 'No runs yet. Start one with: atelier solve --repo <path> --issue <file>')
    } else {
      for (const run of page.items) writeLine(stdout, runLine(run, context.terminal))
      if (page.next !== null) writeLine(stdout, `More: atelier runs --after ${page.next}`)
    }
    return exitCodes.success
  })
}

function runLine(run: RunSummary, terminal: Terminal): string {
  const width = (terminal.stdout.columns ?? 120) - 66
  return `${run.id}  ${(run.outcome ?? run.status).padEnd(10)}  ${run.createdAt.slice(0, 16).replace('T', ' ')}  ${oneLine(run.title, Math.max(20, width))}`
}

async function showRun(
  context: CliContext,
  runId: string,
  options: GlobalOptions & { readonly diff?: boolean; readonly steps?: boolean },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const run = await studio.getRun(runId)
    const { stdout } = context.terminal
    if (options.json === true) writeJson(stdout, run)
    else if (options.diff === true) writeLine(stdout, printable(run.report.patch ?? 'No change was made.'))
    else if (options.steps === true) {
      for (const step of run.steps) {
        const seconds =
          step.startedAt !== null && step.endedAt !== null
            ? `${((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000).toFixed(1)} s`
            : ''
        writeLine(
          stdout,
          `${step.id.padEnd(12)} ${step.status.padEnd(11)} ${String(step.attempts).padStart(2)}  ${seconds.padStart(9)}  ${step.error?.code ?? ''}`.trimEnd(),
        )
      }
    } else writeLine(stdout, renderReport(run, context.terminal))
    return exitCodes.success
  })
}

async function printLogs(
  context: CliContext,
  runId: string,
  options: GlobalOptions & { readonly follow?: boolean },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const events = studio.watchRun(runId, { follow: options.follow === true, signal: context.signal })
    for await (const event of events) {
      if (options.json === true) context.terminal.stdout.write(`${JSON.stringify(event)}\n`)
      else writeLine(context.terminal.stdout, logLine(event))
    }
    return exitCodes.success
  })
}

function logLine(event: RunEventView): string {
  const { message, ...rest } = event.data
  const particulars = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''
  return `${event.time}  ${(event.stepId ?? '-').padEnd(10)}  ${event.kind}  ${oneLine(`${typeof message === 'string' ? message : ''}${particulars}`, 2000)}`.trimEnd()
}
