import { Command, Option } from 'commander'
import type { CliContext } from './context.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommands } from './commands/backup.ts'
import { codeCommands } from './commands/code.ts'
import { completionCommands } from './commands/completion.ts'
import { decisionCommands } from './commands/decide.ts'
import { docsCommand } from './commands/docs.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evidenceCommand } from './commands/evidence.ts'
import { lifecycleCommands } from './commands/lifecycle.ts'
import { listCommands } from './commands/list.ts'
import { mcpCommand } from './commands/mcp.ts'
import { routeCommand } from './commands/route.ts'
import { moveDatabaseCommand } from './commands/move-database.ts'
import { modelServerCommand } from './commands/model-server.ts'
import { replyCommand } from './commands/reply.ts'
import { signInCommands } from './commands/sign-in.ts'
import { serveCommand } from './commands/serve.ts'
import { solveCommand } from './commands/solve.ts'
import { trustCommands } from './commands/trust.ts'
import { upkeepCommands } from './commands/upkeep.ts'
import type { ExitCode } from './exit-codes.ts'
import { assertPlace } from './place.ts'

/** The command line as commander knows it; `finish` receives the exit code of the command that ran. */
export function buildProgram(context: CliContext, finish: (code: ExitCode) => void): Command {
  const program = new Command('atelier')
    .description('A studio in which work items become reviewed, tested and approved changes.')
    .version(context.version)
    .option('--data-directory <path>', 'where the studio keeps its state')
    .addOption(
      new Option(
        '--sandbox <kind>',
        'how repository code is isolated; "none" only for repositories you trust',
      )
        .choices(['namespaces', 'none'])
        .default('namespaces'),
    )
    .option('--server <url>', 'a studio that runs elsewhere (default: ATELIER_SERVER, or this machine)')
    .option('--json', 'print JSON for programs')
    .hook('preAction', (_program, command) => assertPlace(command, context))
    .showHelpAfterError('(add --help for the options)')
  const commands = [
    solveCommand(context, finish),
    ...upkeepCommands(context, finish),
    ...listCommands(context, finish),
    ...decisionCommands(context, finish),
    replyCommand(context, finish),
    ...lifecycleCommands(context, finish),
    ...trustCommands(context, finish),
    ...signInCommands(context, finish),
    ...codeCommands(context, finish),
    routeCommand(context, finish),
    serveCommand(context, finish),
    mcpCommand(context, finish),
    modelServerCommand(context, finish),
    evidenceCommand(context, finish),
    auditCommand(context, finish),
    ...backupCommands(context, finish),
    moveDatabaseCommand(context, finish),
    doctorCommand(context, finish),
    docsCommand(context, finish),
  ]
  for (const command of commands) program.addCommand(command)
  const [completion, complete] = completionCommands(context, finish)
  program.addCommand(completion).addCommand(complete, { hidden: true })
  for (const command of [program, ...program.commands, ...commands.flatMap((parent) => parent.commands)]) {
    command
      .configureHelp({ showGlobalOptions: command !== program })
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.terminal.stdout.write(text),
        writeErr: (text) => context.terminal.stderr.write(text),
      })
  }
  return program
}
