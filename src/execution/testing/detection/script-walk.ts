import type { ShellWord, SimpleCommand } from './shell-words.ts'
import { parseShellCommands, quoteWord } from './shell-words.ts'

/** One command that a package script comes down to, after all `npm run …` were followed. */
export interface ScriptCommand {
  readonly environment: Readonly<Record<string, string>>
  readonly words: readonly ShellWord[]
  /** Names of the scripts that led here, outermost first; empty when it stands in the command itself. */
  readonly trail: readonly string[]
  /** Joined to its predecessor by `|`: it reads that one's output and is no suite itself. */
  readonly piped: boolean
}

export type PackageScripts = Readonly<Record<string, string>>

const deepest = 8

interface WalkState {
  readonly scripts: PackageScripts
  readonly environment: Readonly<Record<string, string>>
  readonly trail: readonly string[]
}

/**
 * Follows a shell script through the package's scripts and yields the commands it comes down to, in the order they
 * run. Null if any part needs a real shell to be understood.
 */
export function walkScript(script: string, scripts: PackageScripts): readonly ScriptCommand[] | null {
  return walk(script, { scripts, environment: {}, trail: [] })
}

/** As {@link walkScript} for `npm run NAME`, with its `pre` and `post` scripts. Null if there is no such script. */
export function walkPackageScript(name: string, scripts: PackageScripts): readonly ScriptCommand[] | null {
  return walkNamed(name, [], { scripts, environment: {}, trail: [] })
}

function walk(script: string, state: WalkState): readonly ScriptCommand[] | null {
  const commands = parseShellCommands(script)
  if (commands === null) return null
  const found: ScriptCommand[] = []
  for (const command of commands) {
    const inner = walkCommand(command, state)
    if (inner === null) return null
    found.push(...inner)
  }
  return found
}

function walkCommand(command: SimpleCommand, state: WalkState): readonly ScriptCommand[] | null {
  const environment = {
    ...state.environment,
    ...Object.fromEntries(command.assignments.map(({ name, value }) => [name, value.text])),
  }
  const unwrapped = unwrapEnvironment(command.words, environment)
  const calls = scriptCalls(unwrapped.words, state.scripts)
  if (calls === null)
    return unwrapped.words.length === 0
      ? []
      : [{ ...unwrapped, trail: state.trail, piped: command.joinedBy === '|' }]
  const found: ScriptCommand[] = []
  for (const { name, extra } of calls) {
    const inner = walkNamed(name, extra, { ...state, environment: unwrapped.environment })
    if (inner === null) return null
    found.push(...inner)
  }
  return found
}

function walkNamed(
  name: string,
  extra: readonly ShellWord[],
  state: WalkState,
): readonly ScriptCommand[] | null {
  const script = state.scripts[name]
  if (script === undefined || state.trail.includes(name) || state.trail.length >= deepest) return null
  // npm appends further arguments to the text of the script.
  const text = [script, ...extra.map((word) => word.raw)].join(' ')
  const own = walk(text, { ...state, trail: [...state.trail, name] })
  if (own === null) return null
  return [...walkHook(`pre${name}`, state), ...own, ...walkHook(`post${name}`, state)]
}

/** Hooks only prepare or check; one that is not understood is passed over. */
function walkHook(name: string, state: WalkState): readonly ScriptCommand[] {
  const script = state.scripts[name]
  if (script === undefined || state.trail.includes(name)) return []
  return walk(script, { ...state, trail: [...state.trail, name] }) ?? []
}

/** Takes `cross-env A=b` and `env A=b` off, which only set variables. */
export function unwrapEnvironment(
  words: readonly ShellWord[],
  environment: Readonly<Record<string, string>>,
): { readonly words: readonly ShellWord[]; readonly environment: Readonly<Record<string, string>> } {
  const program = words[0]?.text
  if (program !== 'cross-env' && program !== 'cross-env-shell' && program !== 'env')
    return { words, environment }
  let at = 1
  const added: Record<string, string> = {}
  for (; at < words.length; at += 1) {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[at]?.text ?? '')
    if (match === null) break
    added[match[1] ?? ''] = match[2] ?? ''
  }
  return { words: words.slice(at), environment: { ...environment, ...added } }
}

interface ScriptCall {
  readonly name: string
  readonly extra: readonly ShellWord[]
}

/** The package scripts that a command calls; null if it calls none. */
function scriptCalls(words: readonly ShellWord[], scripts: PackageScripts): readonly ScriptCall[] | null {
  const program = words[0]?.text ?? ''
  if (['npm', 'yarn', 'pnpm', 'bun'].includes(program)) {
    const call = managerCall(program, words.slice(1), scripts)
    return call === null ? null : [call]
  }
  if (program === 'node' && words[1]?.text === '--run' && words[2] !== undefined)
    return [{ name: words[2].text, extra: words.slice(3) }]
  if (['npm-run-all', 'run-s', 'run-p', 'npm-run-all2'].includes(program))
    return words
      .slice(1)
      .filter((word) => !word.text.startsWith('-'))
      .flatMap((word) => matchingScripts(word.text, scripts))
      .map((name) => ({ name, extra: [] }))
  return null
}

/** Script names that a `run-s` pattern such as `test:*` stands for. */
function matchingScripts(pattern: string, scripts: PackageScripts): readonly string[] {
  const name = pattern.split(' ')[0] ?? pattern
  if (!name.includes('*')) return [name]
  const expression = new RegExp(
    `^${name
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('**', '.*')
      .replace(/(?<!\.)\*/g, '[^:]*')}$`,
  )
  return Object.keys(scripts).filter((script) => expression.test(script))
}

const optionsWithValue = new Set(['--prefix', '-C', '--dir', '--cwd', '-w', '--workspace', '--filter', '-F'])

function managerCall(
  program: string,
  words: readonly ShellWord[],
  scripts: PackageScripts,
): ScriptCall | null {
  const plain: number[] = []
  for (let at = 0; at < words.length && plain.length < 2; at += 1) {
    const text = words[at]?.text ?? ''
    // Another folder or package: not this package's script.
    if (optionsWithValue.has(text.split('=')[0] ?? '')) return null
    if (text === '--') break
    if (!text.startsWith('-')) plain.push(at)
    if (plain.length === 1 && !isRunWord(program, words[plain[0] ?? 0]?.text ?? '')) break
  }
  const [first, second] = plain
  if (first === undefined) return null
  const verb = words[first]?.text ?? ''
  const nameAt = isRunWord(program, verb) ? second : first
  if (nameAt === undefined) return null
  const named = words[nameAt]?.text ?? ''
  const name = named === 't' || named === 'tst' ? 'test' : named
  if (nameAt === first && program === 'npm' && !['test', 'start', 'stop'].includes(name)) return null
  if (scripts[name] === undefined) return null
  const rest = words.slice(nameAt + 1)
  const separator = rest.findIndex((word) => word.text === '--')
  const extra =
    separator !== -1 ? rest.slice(separator + 1) : program === 'npm' ? rest.filter(isPlainWord) : rest
  return { name, extra }
}

function isRunWord(program: string, word: string): boolean {
  return word === 'run' || (program === 'npm' && (word === 'run-script' || word === 'rum'))
}

function isPlainWord(word: ShellWord): boolean {
  return !word.text.startsWith('-')
}

/** A command as a line of shell. */
export function formatCommand(
  environment: Readonly<Record<string, string>>,
  words: readonly ShellWord[],
): string {
  return [
    ...Object.entries(environment).map(([name, value]) => `${name}=${quoteWord(value)}`),
    ...words.map((word) => word.raw),
  ].join(' ')
}
