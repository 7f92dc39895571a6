import type { Invocation } from '../suite.ts'
import type { ScriptCommand } from './script-walk.ts'
import { unwrapEnvironment } from './script-walk.ts'
import type { ShellWord } from './shell-words.ts'
import { wordSet } from './word-set.ts'

/** A command with everything taken off that surrounds the program which does the work. */
export interface UnwrappedCommand {
  readonly invocation: Invocation
  /** What was left out, in words; it would not change a test's result. */
  readonly omitted: readonly string[]
}

type Peeled = {
  readonly words: readonly ShellWord[]
  readonly omitted?: string
  readonly prefix?: readonly ShellWord[]
  readonly environment?: Readonly<Record<string, string>>
} | null

/** Takes coverage tools, environment setters and package runners off a command. */
export function unwrapCommand(command: ScriptCommand): UnwrappedCommand {
  let words = command.words
  let environment = command.environment
  const prefix: ShellWord[] = []
  const omitted: string[] = []
  for (let turn = 0; turn < 8; turn += 1) {
    const peeled = peelOnce(words, environment)
    if (peeled === null || peeled.words.length === 0) break
    words = peeled.words
    environment = peeled.environment ?? environment
    prefix.push(...(peeled.prefix ?? []))
    if (peeled.omitted !== undefined) omitted.push(peeled.omitted)
  }
  const node = readNode(words)
  return {
    invocation: {
      environment: { ...environment },
      prefix,
      nodeOptions: [...node.options],
      program: canonicalProgram(node.program),
      arguments: [...node.rest],
    },
    omitted,
  }
}

function peelOnce(words: readonly ShellWord[], environment: Readonly<Record<string, string>>): Peeled {
  const set = unwrapEnvironment(words, environment)
  if (set.words !== words) return set
  const program = canonicalProgram(words[0]?.text ?? '')
  const rest = words.slice(1)
  switch (program) {
    case 'nyc':
    case 'c8': {
      const inner = afterOptions(rest, coverageValueOptions)
      return inner.length === 0 ? null : { words: inner, omitted: `coverage by ${program}` }
    }
    case 'istanbul': {
      if (rest[0]?.text !== 'cover') return null
      const inner = rest.slice(1).filter((word) => word.text !== '--')
      return {
        words: [nodeWord, ...afterOptions(inner, coverageValueOptions)],
        omitted: 'coverage by istanbul',
      }
    }
    case 'covert':
      return { words: [nodeWord, ...afterOptions(rest, coverageValueOptions)], omitted: 'coverage by covert' }
    case 'npx':
    case 'exec':
      return { words: afterOptions(rest, new Set(['-p', '--package'])) }
    case 'npm':
    case 'pnpm':
    case 'yarn':
      return rest[0]?.text === 'exec' || (program === 'yarn' && rest[0]?.text !== 'run')
        ? {
            words: rest
              .slice(rest[0]?.text === 'exec' ? 1 : 0)
              .filter((word, at) => at > 0 || word.text !== '--'),
          }
        : null
    case 'time':
    case 'command':
      return { words: afterOptions(rest, new Set()) }
    case 'dotenv':
    case 'dotenvx':
    case 'env-cmd':
    case 'xvfb-run': {
      const inner = afterOptions(rest, new Set(['-e', '-f', '--file', '-c', '-s']))
      const taken = words.slice(0, words.length - inner.length)
      return inner.length === 0 ? null : { words: inner, prefix: taken }
    }
    case 'poetry':
    case 'pipenv':
    case 'uv':
    case 'hatch':
    case 'pdm':
      return rest[0]?.text === 'run'
        ? { words: afterOptions(rest.slice(1), new Set(['--with', '--extra', '-p'])) }
        : null
    case 'coverage':
      return rest[0]?.text === 'run' ? peelPythonCoverage(rest.slice(1)) : null
    default:
      return null
  }
}

const nodeWord: ShellWord = { raw: 'node', text: 'node' }

const coverageValueOptions = wordSet(`
    -r --reporter -x --exclude -n --include -e --extension --report-dir -o --dir --temp-dir
    --temp-directory --reports-dir --require -i --src -d --print --branches --lines --functions
    --statements --cwd --config --nycrc-path`)

/** The words after leading options; a bare `--` ends them. */
function afterOptions(words: readonly ShellWord[], withValue: ReadonlySet<string>): readonly ShellWord[] {
  let at = 0
  while (at < words.length) {
    const text = words[at]?.text ?? ''
    if (text === '--') return words.slice(at + 1)
    if (!text.startsWith('-')) break
    at += withValue.has(text) ? 2 : 1
  }
  return words.slice(at)
}

function peelPythonCoverage(words: readonly ShellWord[]): Peeled {
  const at = words.findIndex((word) => word.text === '-m')
  if (at === -1) return null
  return {
    words: [{ raw: 'python3', text: 'python3' }, ...words.slice(at)],
    omitted: 'coverage by coverage.py',
  }
}

/** The program's name without its path and the endings that entry points of packages have. */
export function canonicalProgram(text: string): string {
  const base = text.slice(text.lastIndexOf('/') + 1)
  if (/^python\d?(\.\d+)?$/.test(base)) return 'python3'
  return base === '_mocha' ? 'mocha' : base === 'py.test' ? 'pytest' : base
}

const nodeValueOptions = wordSet(`
    -r --require --import --loader --experimental-loader -C --conditions --env-file
    --test-name-pattern --test-reporter --test-reporter-destination --test-concurrency
    --test-timeout --test-shard --test-skip-pattern`)

/** `node OPTIONS node_modules/.bin/RUNNER …` and its like: the runner is what counts. */
function readNode(words: readonly ShellWord[]): {
  readonly program: string
  readonly options: readonly ShellWord[]
  readonly rest: readonly ShellWord[]
} {
  const program = words[0]?.text ?? ''
  const name = canonicalProgram(program)
  const loader = nodeLoaders[name]
  if (name !== 'node' && name !== 'nodejs' && loader === undefined)
    return { program, options: [], rest: words.slice(1) }
  const options: ShellWord[] = (loader ?? []).map((text) => ({ raw: text, text }))
  let at = 1
  while (at < words.length && (words[at]?.text ?? '').startsWith('-')) {
    const taken = nodeValueOptions.has(words[at]?.text ?? '') ? 2 : 1
    options.push(...words.slice(at, at + taken))
    at += taken
  }
  const entry = words[at]?.text ?? ''
  const runner = /(?:^|\/)node_modules\/(?:\.bin\/([\w-]+)|([\w-]+)\/)/.exec(entry)
  const bin = runner?.[1] ?? runner?.[2]
  if (bin === undefined) return { program: 'node', options, rest: words.slice(at) }
  return { program: bin, options, rest: words.slice(at + 1) }
}

/** Programs that are `node` with a loader. */
const nodeLoaders: Readonly<Record<string, readonly string[]>> = {
  tsx: ['--import', 'tsx'],
  'ts-node': ['--require', 'ts-node/register'],
  'babel-node': ['--require', '@babel/register'],
}
