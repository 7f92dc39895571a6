import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { interrupted } from '../interruption.ts'
import { count, writeJson, writeLine } from '../terminal.ts'

interface ModelServerCommandOptions {
  readonly json?: boolean
  readonly scenario: readonly string[]
  readonly fault: Readonly<Record<string, number>>
  readonly seed: number
  readonly pace: number
  readonly host: string
  readonly port: number
  readonly socket?: string
  readonly key?: string
}

/** A scripted model to test with, until the person interrupts. */
export function modelServerCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('model-server')
    .description('serve a scripted model over the protocols of the providers, to test with')
    .requiredOption('--scenario <file|name>', 'what it answers; may be given several times', collect, [])
    .option('--fault <name=probability>', 'misbehave by chance; may be given several times', addFault, {})
    .option('--seed <number>', 'of chance: the same seed and requests give the same faults', wholeNumber, 0)
    .option('--pace <ms>', 'milliseconds between the pieces of a stream', wholeNumber, 0)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'where to listen; 0 for any free port', wholeNumber, 0)
    .option('--socket <path>', 'listen on a Unix socket instead')
    .option('--key <key>', 'the only key that is let in; any is by default')
    .action(async (_options: unknown, self: Command) => {
      finish(await serve(context, self.optsWithGlobals()))
    })
}

async function serve(context: CliContext, options: ModelServerCommandOptions): Promise<ExitCode> {
  const { json, scenario: scenarios, fault: faults, seed, pace, host, port, socket, key } = options
  const server = await context.startModelServer({
    ...{ scenarios, faults, seed, pace, host, port },
    ...(socket !== undefined && { socket }),
    ...(key !== undefined && { key }),
  })
  const { stdout, stderr } = context.terminal
  const place = socket ?? server.url
  if (json === true)
    writeJson(stdout, { url: socket === undefined ? server.url : null, socket: socket ?? null })
  else writeLine(stdout, `The model answers at ${place} until you interrupt (Ctrl-C).`)
  await interrupted(context.signal)
  await server.close()
  writeLine(stderr, `${count(server.received(), 'request')} answered.`)
  return exitCodes.success
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function addFault(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [name = '', probability = '', ...more] = text.split('=')
  if (name === '' || probability === '' || !/^\d?(?:\.\d+)?$/.test(probability) || more.length > 0)
    throw new InvalidArgumentError('It must be a name and a probability, such as 429=0.1.')
  return { ...before, [name]: Number(probability) }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
