import { Command } from 'commander'
import { readFile, writeFile } from 'node:fs/promises'
import type { CliContext, GlobalOptions } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { printable, writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

export function evidenceCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  const evidence = new Command('evidence').description('the verifiable record of a run')
  evidence
    .command('export')
    .description('write the evidence bundle of a run')
    .argument('[run]', 'run id, a unique part of it, or "latest"', 'latest')
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .option('--as <name>', 'who asks', 'owner')
    .action(async (runId: string, _options: unknown, command: Command) => {
      finish(await exportEvidence(context, runId, command.optsWithGlobals()))
    })
  evidence
    .command('verify')
    .description('check an evidence bundle without the studio')
    .argument('<file>', 'a file that `atelier evidence export` wrote')
    .action(async (file: string, _options: unknown, command: Command) => {
      finish(await verifyEvidence(context, file, command.optsWithGlobals()))
    })
  return evidence
}

async function exportEvidence(
  context: CliContext,
  runId: string,
  options: GlobalOptions & { readonly output?: string; readonly as: string },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const bundle = await studio.exportEvidence(runId, options.as)
    if (options.output === undefined) writeJson(context.terminal.stdout, bundle)
    else {
      await writeFile(options.output, `${JSON.stringify(bundle, null, 2)}\n`, { mode: 0o600 })
      writeLine(context.terminal.stderr, `Wrote ${options.output}`)
    }
    return exitCodes.success
  })
}

async function verifyEvidence(context: CliContext, file: string, options: GlobalOptions): Promise<ExitCode> {
  const bundle = await readBundle(file)
  const report = await context.verifyEvidence(bundle)
  const { stdout } = context.terminal
  if (options.json === true) writeJson(stdout, report)
  else {
    writeLine(
      stdout,
      report.ok ? `Verified: ${report.checked} parts match.` : 'This evidence does not verify:',
    )
    for (const problem of report.problems) writeLine(stdout, `  ${printable(problem)}`)
  }
  return report.ok ? exitCodes.success : exitCodes.unverified
}

async function readBundle(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw cliErrors.UNREADABLE_EVIDENCE({
      detail: error instanceof Error ? error.message : file,
      cause: error,
    })
  }
}
