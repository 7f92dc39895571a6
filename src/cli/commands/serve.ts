import { Command, InvalidArgumentError } from 'commander'
import { describeCommand } from '../command-description.ts'
import type { CliContext, GlobalOptions, ServeSettings } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { interrupted } from '../interruption.ts'
import { readPort } from '../number-argument.ts'
import { writeJson, writeLine } from '../terminal.ts'

type Role = 'api' | 'worker'

interface ServeOptions extends GlobalOptions {
  readonly host: string
  readonly port: number
  readonly roles: readonly Role[]
}

/** Serves the studio until the person interrupts. */
export function serveCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('serve')
    .description('serve the studio: its API and its web application')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'where to listen; 0 for any free port', readPort, 4680)
    .option('--roles <roles>', 'api, worker or both: whether this process executes steps', readRoles, [
      'api',
      'worker',
    ])
    .action(async (_options: unknown, self: Command) => {
      finish(await serve(context, self.optsWithGlobals(), () => describeCommand(self.parent ?? self)))
    })
}

async function serve(
  context: CliContext,
  options: ServeOptions,
  commands: ServeSettings['commands'],
): Promise<ExitCode> {
  const { host, port, roles, json } = options
  const studio = await context.serveStudio(options, { host, port, roles, commands })
  const { stdout, stderr } = context.terminal
  if (json === true) writeJson(stdout, { url: studio.url, ownerLink: studio.ownerLink })
  else {
    writeLine(stdout, `The studio is at ${studio.url}`)
    if (studio.ownerLink === null) writeLine(stdout, 'Signed out? atelier owner-link prints a way in.')
    else writeLine(stdout, `Sign in as its owner, once, within a day: ${studio.ownerLink}`)
  }
  await interrupted(context.signal)
  writeLine(
    stderr,
    'Ending: streams are closed, and steps under way come to a point where they can be taken up.',
  )
  await studio.close()
  return exitCodes.success
}

function readRoles(text: string): readonly Role[] {
  const roles = text.split(',').map((role) => role.trim())
  const known = roles.filter((role): role is Role => role === 'api' || role === 'worker')
  if (known.length !== roles.length || !known.includes('api'))
    throw new InvalidArgumentError('use api, or api,worker')
  return known
}
