import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { printable, writeJson, writeLine } from '../terminal.ts'

interface ServerOptions extends GlobalOptions {
  readonly server: string
  readonly default?: boolean
}

/** Signing in at a studio that runs elsewhere, and the link by which the owner of one that runs here comes in. */
export function signInCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  return [
    new Command('login')
      .description('sign in at a studio: approve it in a browser, on this machine or another')
      .option('--default', 'have commands without --server go to this studio from now on')
      .action(async (_options: unknown, command: Command) => {
        finish(await signIn(context, withServer(command)))
      }),
    new Command('logout')
      .description('give the sign-in at a studio back')
      .action(async (_options: unknown, command: Command) => {
        finish(await signOut(context, withServer(command)))
      }),
    new Command('owner-link')
      .description('print a link that signs the owner of this studio in, once, within a day')
      .action(async (_options: unknown, command: Command) => {
        finish(await printOwnerLink(context, command.optsWithGlobals()))
      }),
  ]
}

/** Signing in is about one studio, which somebody has to name. */
function withServer(command: Command): ServerOptions {
  const options = command.optsWithGlobals<GlobalOptions>()
  const { server } = options
  if (server === undefined) command.error("error: required option '--server <url>' not specified")
  return { ...options, server }
}

async function signIn(
  context: CliContext,
  { server, json, default: isDefault = false }: ServerOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = context.terminal
  const principal = await context.signIn.at(server, {
    show: (page, code) => {
      writeLine(stderr, `Open ${printable(page)} and approve the code ${printable(code)}`)
    },
    isDefault,
  })
  if (json === true) writeJson(stdout, { server, principal })
  else writeLine(stdout, `Signed in at ${printable(server)} as ${printable(principal)}.`)
  return exitCodes.success
}

async function signOut(context: CliContext, { server, json }: ServerOptions): Promise<ExitCode> {
  const { stdout } = context.terminal
  const wasSignedIn = await context.signIn.out(server)
  if (json === true) writeJson(stdout, { server, wasSignedIn })
  else writeLine(stdout, wasSignedIn ? `Signed out at ${printable(server)}.` : 'Nobody was signed in there.')
  return exitCodes.success
}

async function printOwnerLink(context: CliContext, options: GlobalOptions): Promise<ExitCode> {
  const { stdout } = context.terminal
  const link = await context.signIn.ownerLink(options)
  if (options.json === true) writeJson(stdout, { link })
  else writeLine(stdout, link)
  return exitCodes.success
}
