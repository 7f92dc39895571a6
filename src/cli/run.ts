import { CommanderError } from 'commander'
import { AtelierError, defectCode, reportError } from '../kernel/index.ts'
import type { CliContext } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { palette, printable, writeJson, writeLine } from './terminal.ts'

/** Runs one command line and returns its exit code. Never throws, never prints a stack trace. */
export async function runCommandLine(argv: readonly string[], context: CliContext): Promise<number> {
  let code: number = exitCodes.success
  try {
    await buildProgram(context, (finished) => {
      code = finished
    }).parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage
    const report = reportError(error)
    if (argv.includes('--json')) writeJson(context.terminal.stdout, { error: report })
    else {
      const colours = palette(context.terminal)
      writeLine(context.terminal.stderr, `${colours.red(report.code)}  ${printable(report.message)}`)
      writeLine(context.terminal.stderr, printable(report.remedy))
    }
    return error instanceof AtelierError && report.code !== defectCode ? exitCodes.failed : exitCodes.internal
  }
}
