import { Command } from 'commander'
import { describeCommand } from '../command-description.ts'
import type { CliContext, DocumentationSettings, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { interrupted } from '../interruption.ts'
import { readPort } from '../number-argument.ts'
import { writeJson, writeLine } from '../terminal.ts'

interface DocsOptions extends GlobalOptions {
  readonly port: number
}

/** Serves the documentation until the person interrupts. */
export function docsCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('docs')
    .description('serve the documentation on this machine; no studio is needed')
    .option('--port <number>', 'where to listen; 0 for any free port', readPort, 4682)
    .action(async (_options: unknown, self: Command) => {
      finish(await serve(context, self.optsWithGlobals(), () => describeCommand(self.parent ?? self)))
    })
}

async function serve(
  context: CliContext,
  { port, json }: DocsOptions,
  commands: DocumentationSettings['commands'],
): Promise<ExitCode> {
  const documentation = await context.serveDocumentation({ port, commands })
  const { stdout } = context.terminal
  if (json === true) writeJson(stdout, { url: documentation.url })
  else writeLine(stdout, `The documentation is at ${documentation.url} until you interrupt (Ctrl-C).`)
  await interrupted(context.signal)
  await documentation.close()
  return exitCodes.success
}
