import type { ShellWord } from '../detection/shell-words.ts'
import { quoteWord } from '../detection/shell-words.ts'
import type { Invocation } from '../suite.ts'

/** Options of one program, by their names. */
export interface OptionTable {
  /** Options that take the next word as their value, unless it is joined by `=`. */
  readonly withValue: ReadonlySet<string>
  /** Options that the studio sets itself or that would get in the way, matched against the name before `=`. */
  readonly dropped: RegExp
}

export interface SplitArguments {
  /** Options with their values, without the dropped ones. */
  readonly options: readonly ShellWord[]
  readonly positional: readonly ShellWord[]
}

/** Separates options from positional arguments and leaves out the dropped ones. */
export function splitArguments(words: readonly ShellWord[], table: OptionTable): SplitArguments {
  const options: ShellWord[] = []
  const positional: ShellWord[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]
    if (word === undefined) break
    if (word.text === '--') {
      positional.push(...words.slice(at + 1))
      break
    }
    if (!word.text.startsWith('-') || word.text === '-') {
      positional.push(word)
      continue
    }
    const name = word.text.split('=')[0] ?? word.text
    const taken = table.withValue.has(word.text) ? 2 : 1
    if (!table.dropped.test(name)) options.push(...words.slice(at, at + taken))
    at += taken - 1
  }
  return { options, positional }
}

/** Joins parts of a command, leaving out the empty ones. */
export function joinCommand(...parts: readonly (string | readonly ShellWord[])[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.map((word) => word.raw).join(' ')))
    .filter((part) => part !== '')
    .join(' ')
}

export function quoteAll(texts: readonly string[]): string {
  return texts.map(quoteWord).join(' ')
}

/**
 * The program of an invocation as shell text. Options for `node` itself need the runner's script, which package
 * managers link into a folder on PATH.
 */
export function programCommand(invocation: Invocation, program: string): string {
  return invocation.nodeOptions.length === 0
    ? program
    : joinCommand('node', invocation.nodeOptions, `"$(readlink -f "$(command -v ${program})")"`)
}

/** A regular expression that matches full names, for runners that join suites and name by a space. */
export function namePattern(names: readonly string[]): string {
  return names
    .map((name) => name.split(' > ').map(escapeExpression).join('.*'))
    .map((name) => `${name}$`)
    .join('|')
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
