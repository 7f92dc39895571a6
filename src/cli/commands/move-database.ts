import { Command, InvalidArgumentError } from 'commander'
import type { CliContext, GlobalOptions, MoveProgress, MoveSummary } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { humanDuration, type Terminal, writeJson, writeLine } from '../terminal.ts'

interface MoveOptions extends GlobalOptions {
  /** Undefined for the embedded database. */
  readonly to: Destination
}

interface Destination {
  readonly url: string | undefined
}

export function moveDatabaseCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  return new Command('move-database')
    .description('move all rows to another, empty database, while no studio is at work')
    .requiredOption(
      '--to <url>',
      'postgresql://user@host:5432/atelier, with its password in PGPASSWORD; "embedded" for the one that comes along',
      readDestination,
    )
    .action(async (_options: unknown, command: Command) => {
      finish(await move(context, command.optsWithGlobals<MoveOptions>()))
    })
}

async function move(context: CliContext, options: MoveOptions): Promise<ExitCode> {
  const { terminal, signal } = context
  const progress = new MoveView(terminal)
  let summary: MoveSummary
  try {
    summary = await context.moveDatabase(options, options.to.url, (step) => progress.take(step))
  } catch (error) {
    if (!signal.aborted) throw error
    writeLine(terminal.stderr, 'Interrupted: nothing was moved.')
    return exitCodes.interrupted
  } finally {
    progress.stop()
  }
  if (options.json === true) writeJson(terminal.stdout, summary)
  else for (const line of reportOf(summary)) writeLine(terminal.stdout, line)
  return summary.audit.ok ? exitCodes.success : exitCodes.unverified
}

function reportOf({ from, to, tables, seconds, audit, dataDirectory }: MoveSummary): readonly string[] {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const name = (place: string | null): string => place ?? 'the embedded database'
  return [
    `Moved ${number(rows)} rows of ${tables.length} tables from ${name(from)} to ${name(to)} in ${humanDuration(seconds)}.`,
    audit.ok
      ? `The audit log verifies there: ${number(audit.records)} records, unbroken chains.`
      : `The audit log does not verify there (${number(audit.records)} records); see whether it did where it comes from:`,
    ...audit.problems.map((problem) => `  ${problem}`),
    to === null
      ? 'Start the studio without DATABASE_URL from now on.'
      : `Start the studio with this from now on: DATABASE_URL='${to}'`,
    `Keys, checkpoints of the audit log and repositories stay in ${dataDirectory}, which the studio goes on to need.`,
    `What was in ${name(from)} is still there, as it was. Nothing may work on it any more.`,
  ]
}

function readDestination(text: string): Destination {
  if (text === 'embedded') return { url: undefined }
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined
  if (protocol !== 'postgresql:' && protocol !== 'postgres:')
    throw new InvalidArgumentError('use postgresql://user@host:5432/database, or embedded')
  return { url: text }
}

/** How often a table that takes long is spoken of. */
const intervalMs = { terminal: 100, text: 10_000 }

/** One line for each table that has rows, and how far a long one is: in place on a terminal, else now and then. */
class MoveView {
  readonly #terminal: Terminal
  readonly #live: boolean
  #spokenAt = performance.now()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#live = terminal.stderr.isTTY === true
  }

  take({ table, rows, done }: MoveProgress): void {
    const now = performance.now()
    if (!done && now - this.#spokenAt < (this.#live ? intervalMs.terminal : intervalMs.text)) return
    if (done && rows === 0) return
    this.#spokenAt = now
    const line = `${number(rows).padStart(14)}  ${table}${done ? '' : ', so far'}`
    this.#terminal.stderr.write(`${this.#clear()}${line}${done || !this.#live ? '\n' : ''}`)
  }

  stop(): void {
    this.#terminal.stderr.write(this.#clear())
  }

  #clear(): string {
    return this.#live ? '\r\u001b[K' : ''
  }
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
