import type { Command } from 'commander'
import type { GlobalOptions } from './context.ts'
import { cliErrors } from './errors.ts'

/** Commands about the machine of a studio rather than the studio. */
const onlyHere: ReadonlySet<string> = new Set([
  'serve',
  'doctor',
  'docs',
  'backup',
  'restore',
  'owner-link',
  'model-server',
])

/** Options about that machine, and about who somebody is: elsewhere, the token says so. */
const optionsOnlyHere = ['dataDirectory', 'sandbox', 'as', 'reporter', 'approver']

/**
 * Refuses a command line that names a studio elsewhere for what has no meaning there.
 * @throws ATL_CLI_ONLY_HERE, ATL_CLI_OPTION_ONLY_HERE
 */
export function assertPlace(command: Command): void {
  if (command.optsWithGlobals<GlobalOptions>().server === undefined) return
  if (onlyHere.has(command.name())) throw cliErrors.ONLY_HERE({ detail: `atelier ${command.name()}` })
  const said = optionsOnlyHere.find((name) => command.getOptionValueSourceWithGlobals(name) === 'cli')
  if (said === undefined) return
  const flag = said.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw cliErrors.OPTION_ONLY_HERE({ detail: `--${flag}` })
}
