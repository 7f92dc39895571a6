import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

export function auditCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  const audit = new Command('audit').description('the tamper-evident audit log')
  audit
    .command('verify')
    .description('find any changed, removed or reordered record')
    .option('--as <name>', 'who asks', 'owner')
    .action(async (_options: unknown, command: Command) => {
      finish(await verify(context, command.optsWithGlobals()))
    })
  return audit
}

async function verify(
  context: CliContext,
  options: GlobalOptions & { readonly as: string },
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const report = await studio.verifyAudit(options.as)
    const { stdout } = context.terminal
    if (options.json === true) writeJson(stdout, report)
    else if (report.ok)
      writeLine(stdout, `The audit log verifies: ${report.records} records, one unbroken chain.`)
    else {
      writeLine(stdout, `The audit log does not verify (${report.records} records):`)
      for (const problem of report.problems) {
        writeLine(stdout, `  record ${problem.sequence}: ${problem.kind}: ${problem.message}`)
      }
    }
    return report.ok ? exitCodes.success : exitCodes.unverified
  })
}
