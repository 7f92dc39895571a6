import {
  type Declarations,
  type DeclaredCall,
  declaredCall,
  namesPythonProgram,
  needsPackage,
  orEverything,
  withoutOptions,
} from './declarations.ts'
import { upkeepErrors } from './errors.ts'

/** A formatter that projects use, as far as upkeep needs to know it. */
export interface Formatter {
  readonly name: string
  isDeclared(declarations: Declarations): boolean
  /** The project's own arguments, without what upkeep decides. */
  arguments(call: DeclaredCall): readonly string[]
  /** Shell: rewrites what is not formatted. */
  write(words: string): string
  /** Finds in its output the files that it could not read, because they do not parse. */
  readonly unreadable: RegExp
}

const prettier: Formatter = {
  name: 'prettier',
  isDeclared: (declarations) => needsPackage(declarations, 'prettier'),
  arguments: ({ words }) =>
    orEverything(
      withoutOptions(words, {
        plain:
          /^(?:--write|-w|--check|-c|--list-different|-l|--cache|--no-color|--color|-u|--ignore-unknown)$/,
        withValue: /^(?:--log-?level|--cache-\w+)$/,
      }),
    ),
  write: (words) => `prettier --write --ignore-unknown --log-level warn ${words}`,
  unreadable: /^\[error\] (\S.*?): SyntaxError\b/,
}

const biome: Formatter = {
  name: 'biome',
  isDeclared: (declarations) => needsPackage(declarations, '@biomejs/biome'),
  arguments: ({ words }) => orEverything(withoutOptions(words.slice(1), { plain: /^-/, withValue: /^$/ })),
  write: (words) => `biome format --write --colors=off ${words}`,
  unreadable: /^(\S+?)(?::\d+:\d+)? parse ━/,
}

const black: Formatter = {
  name: 'black',
  isDeclared: (declarations) => namesPythonProgram(declarations, 'black'),
  arguments: () => ['.'],
  write: (words) => `black --quiet --no-cache ${words} || black --no-cache ${words}`,
  unreadable: /^error: cannot format (\S.*?): Cannot parse/,
}

const ruff: Formatter = {
  name: 'ruff',
  isDeclared: (declarations) => namesPythonProgram(declarations, 'ruff'),
  arguments: () => ['.'],
  write: (words) => `ruff format --no-cache ${words}`,
  unreadable: /^error: Failed to parse (\S.*?):\d+:\d+/,
}

/** The formatter that a project declares, and how it calls it. Throws `ATL_UPKEEP_NO_FORMATTER`. */
export function chooseFormatter(declarations: Declarations): {
  readonly formatter: Formatter
  readonly call: DeclaredCall
} {
  const order =
    declarations.packageManager === 'pip' ? [black, ruff, prettier, biome] : [prettier, biome, black, ruff]
  const formatter = order.find((one) => one.isDeclared(declarations))
  if (formatter === undefined) throw upkeepErrors.NO_FORMATTER()
  return { formatter, call: declaredCall(declarations, formatter.name) }
}
