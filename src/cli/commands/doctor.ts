import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { palette, writeJson, writeLine } from '../terminal.ts'

export function doctorCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('doctor')
    .description('check that this machine has what the studio needs')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const diagnosis = await context.diagnose(options)
      const { stdout } = context.terminal
      const colours = palette(context.terminal)
      if (options.json === true) writeJson(stdout, diagnosis)
      else {
        for (const check of diagnosis.checks) {
          writeLine(
            stdout,
            `${check.ok ? colours.green('✔') : colours.red('✖')} ${check.name.padEnd(18)} ${check.detail}`,
          )
          if (!check.ok && check.remedy !== undefined) writeLine(stdout, `  ${check.remedy}`)
        }
      }
      finish(diagnosis.ok ? exitCodes.success : exitCodes.failed)
    })
}
