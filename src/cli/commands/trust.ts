import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { repositoryArgument } from '../repository-argument.ts'
import { printable, writeJson, writeLine } from '../terminal.ts'
import { withStudio } from '../with-studio.ts'

interface TrustOptions extends GlobalOptions {
  readonly as: string
  readonly reason: string
}

export function trustCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  const command = (name: 'trust' | 'distrust', description: string): Command =>
    new Command(name)
      .description(description)
      .argument('<repository>', 'path or URL, as `atelier solve --repo` takes it')
      .requiredOption('--reason <text>', 'recorded with the decision')
      .option('--as <name>', 'who decides', 'owner')
      .action(async (repository: string, _options: unknown, self: Command) => {
        finish(await setTrust(context, repository, name === 'trust', self.optsWithGlobals<TrustOptions>()))
      })
  return [
    command('trust', 'vouch for a repository, so that its code may run without a sandbox'),
    command('distrust', 'take that back'),
  ]
}

async function setTrust(
  context: CliContext,
  repository: string,
  trusted: boolean,
  options: TrustOptions,
): Promise<ExitCode> {
  return withStudio(context, options, 'look', async (studio) => {
    const location = repositoryArgument(repository)
    await studio.setTrust(location, { trusted, by: options.as, reason: options.reason })
    const { stdout } = context.terminal
    if (options.json === true) writeJson(stdout, { repository: location, trusted })
    else writeLine(stdout, `${printable(location)} is ${trusted ? 'trusted' : 'no longer trusted'}.`)
    return exitCodes.success
  })
}
