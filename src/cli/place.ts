import type { Command } from 'commander'
import type { CliContext, GlobalOptions } from './context.ts'
import { cliErrors } from './errors.ts'

/** Commands about the machine of a studio rather than the studio. */
const onlyHere: ReadonlySet<string> = new Set([
  'serve',
  'doctor',
  'docs',
  'backup',
  'restore',
  'move-database',
  'owner-link',
  'model-server',
])

/** Options about that machine, and about who somebody is: elsewhere, the token says so. */
const optionsOnlyHere = ['dataDirectory', 'sandbox', 'as', 'reporter', 'approver']

/**
 * Refuses a command line for what has no meaning at the studio elsewhere that it goes to, be that named by `--server`, by
 * the environment or by a sign-in.
 * @throws ATL_CLI_ONLY_HERE, ATL_CLI_OPTION_ONLY_HERE, ATL_HOST_CREDENTIALS_UNREADABLE
 */
export async function assertPlace(
  command: Command,
  context: Pick<CliContext, 'goesElsewhere'>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>()
  if (onlyHere.has(command.name())) {
    if (options.server !== undefined) throw cliErrors.ONLY_HERE({ detail: `atelier ${command.name()}` })
    return
  }
  const said = optionsOnlyHere.find((name) => command.getOptionValueSourceWithGlobals(name) === 'cli')
  if (said === undefined || !(await context.goesElsewhere(options))) return
  const flag = said.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw cliErrors.OPTION_ONLY_HERE({ detail: `--${flag}` })
}
