import type { Argument, Command, Option } from 'commander'

/** What may stand where the cursor is. */
export interface Candidate {
  readonly value: string
  /** One line. */
  readonly description: string
}

/** What can be said of the place where the cursor is. */
export type Wanted =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  /** The id of a run; which there are is for the studio that `words` name to say. */
  | { readonly kind: 'run' }
  /** Something that nobody can list but the shell, such as a file. */
  | { readonly kind: 'other' }

/** Where in the tree of commands the words before the cursor have led. */
interface Place {
  readonly command: Command
  /** Arguments that the command was given. */
  readonly given: number
  /** The option whose value comes next. */
  readonly option: Option | undefined
}

/**
 * What fits behind the words, of which the last is still being written and may be empty. It is all read from the commands
 * as they are declared.
 */
export function candidatesFor(program: Command, words: readonly string[]): Wanted {
  const current = words.at(-1) ?? ''
  const place = follow(program, words.slice(0, -1))
  if (place.option !== undefined) return valuesOf(place.option)
  if (current.startsWith('-')) return { kind: 'candidates', candidates: flagsOf(place.command) }
  const commands = place.given === 0 ? commandsOf(place.command) : []
  if (commands.length > 0) return { kind: 'candidates', candidates: commands }
  const expected = place.command.registeredArguments
  const last = expected.at(-1)
  const argument = expected[place.given] ?? (last?.variadic === true ? last : undefined)
  return argument === undefined ? { kind: 'other' } : valuesOf(argument)
}

function follow(program: Command, words: readonly string[]): Place {
  return words.reduce<Place>(step, { command: program, given: 0, option: undefined })
}

function step({ command, given, option }: Place, word: string): Place {
  if (option !== undefined && !word.startsWith('-'))
    return { command, given, option: option.variadic ? option : undefined }
  if (word.startsWith('-')) {
    const named = word.includes('=') ? undefined : findOption(command, word)
    return { command, given, option: named !== undefined && takesValue(named) ? named : undefined }
  }
  const below = given === 0 ? command.commands.find((one) => one.name() === word) : undefined
  return below === undefined
    ? { command, given: given + 1, option: undefined }
    : { command: below, given: 0, option: undefined }
}

/** Options of the commands above hold below too. */
function findOption(command: Command | null, flag: string): Option | undefined {
  if (command === null) return undefined
  return (
    command.options.find(({ short, long }) => short === flag || long === flag) ??
    findOption(command.parent, flag)
  )
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

function valuesOf(of: Option | Argument): Wanted {
  if (of.argChoices !== undefined)
    return { kind: 'candidates', candidates: of.argChoices.map((value) => ({ value, description: '' })) }
  return 'defaultValue' in of && of.name() === 'run' ? { kind: 'run' } : { kind: 'other' }
}

function flagsOf(command: Command): readonly Candidate[] {
  const help = command.createHelp()
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(
    ({ long, description }) => (typeof long === 'string' ? [{ value: long, description }] : []),
  )
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.description() }))
}
