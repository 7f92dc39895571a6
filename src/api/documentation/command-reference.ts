import { cell, fence, type GeneratedSource, table } from './api-reference.ts'

/** A command of the command line, as its help has it. */
export interface CommandDescription {
  /** With the commands above it: `atelier evidence export`. */
  readonly name: string
  readonly summary: string
  readonly usage: string
  readonly arguments: readonly Described[]
  readonly options: readonly Described[]
  readonly commands: readonly CommandDescription[]
}

interface Described {
  /** As it is typed: `--port <number>`. */
  readonly form: string
  readonly meaning: string
  /** As it is shown; undefined where there is none. */
  readonly fallback: string | undefined
}

/** The reference of the command line as a text: every command with its arguments and options. */
export function commandReference(program: CommandDescription): GeneratedSource {
  return {
    file: 'docs/reference/commands.md',
    path: 'reference/commands',
    title: 'Commands',
    read: () => Promise.resolve(commandsText(program)),
  }
}

function commandsText(program: CommandDescription): string {
  return `# Commands

What \`atelier --help\` says of every command. [The command line](../cli.md) says how they go together.

## Options of every command

${describedTable('option', program.options)}

${program.commands.flatMap(allBelow).map(commandText).join('\n\n')}
`
}

/** The command with those below it, from left to right. */
function allBelow(command: CommandDescription): CommandDescription[] {
  return [command, ...command.commands.flatMap(allBelow)]
}

function commandText({
  name,
  summary,
  usage,
  arguments: taken,
  options,
  commands,
}: CommandDescription): string {
  return [
    `## ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(commands.length > 0 ? [] : [fence('bash', `${name} ${usage}`.trim())]),
    ...(taken.length === 0 ? [] : [describedTable('argument', taken)]),
    ...(options.length === 0 ? [] : [describedTable('option', options)]),
  ].join('\n\n')
}

function describedTable(kind: string, rows: readonly Described[]): string {
  return table(
    [kind, 'meaning'],
    rows.map(({ form, meaning, fallback }) => [
      `\`${cell(form)}\``,
      `${cell(meaning)}${fallback === undefined ? '' : `; \`${cell(fallback)}\` when absent`}`,
    ]),
  )
}
