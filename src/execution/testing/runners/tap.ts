import { z } from 'zod'
import type { ShellWord } from '../detection/shell-words.ts'
import { literalWord } from '../detection/shell-words.ts'
import type { Execution, PlanRequest, RunPlan, Runner } from './runner.ts'
import { parseJson, parseYaml } from '../structured-text.ts'
import { joinCommand, quoteAll, splitArguments } from './command-line.ts'
import { defaultTestFiles, matchAllFiles } from './file-patterns.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -R --reporter -t --timeout -j --jobs -o --output-file --node-arg --nyc-arg -g --grep --test-arg
    --test-env --coverage-report --coverage-map -M --before --after --plugin -a --include --exclude
    --test-regex --test-ignore -d --save -s`),
  dropped:
    /^(-R|--reporter|-o|--output-file|--cov.*|--no-cov.*|--check-coverage|--no-check-coverage|--100|--show-.*|--browser|--(no-)?coverage.*|-c|--color|-C|--no-color|-b|--bail|-w|--watch|--allow-.*coverage|--disable-coverage|--save|-s|--changed|-n)$/,
}
const extensions = /\.(js|cjs|mjs|jsx|ts|cts|mts|tsx)$/
/** Where tap looks by itself (`--test-regex` in its documentation). */
const defaultPattern = /((\/|^)(tests?|__tests?__)\/.*|\.(tests?|spec)|^tests?)\.([mc]?js|[mc]?ts|[jt]sx)$/

/** The part of `.taprc` and of `tap` in package.json that changes how tests run. */
const configSchema = z
  .object({
    files: z.union([z.string(), z.array(z.string())]),
    'test-regex': z.string().transform((text, context) => {
      try {
        return new RegExp(text)
      } catch {
        context.addIssue('not a regular expression')
        return z.NEVER
      }
    }),
    'node-arg': z.union([z.string(), z.array(z.string())]),
    'test-env': z.union([z.string(), z.array(z.string())]),
    jobs: z.union([z.number(), z.string()]),
  })
  .partial()
type TapConfig = z.infer<typeof configSchema>

/**
 * tap, in its two lives: up to 16 each test file is an ordinary program, and is run as one; from 18 on its own command
 * loads plug-ins and translates TypeScript, so that is what runs, with the results taken inside each test process.
 */
export const tap: Runner = {
  framework: 'tap',
  programs: ['tap'],
  dependency: 'tap',
  configuration: /^\.taprc$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional.filter(isNoVerb),
  plan: async (request) => {
    const version = await installedMajor(request.files)
    return version >= 18 ? planCommand(request) : planPrograms(request, version)
  },
}

function isNoVerb(word: ShellWord, at: number): boolean {
  return at > 0 || word.text !== 'run'
}

async function planPrograms(request: PlanRequest, version: number): Promise<RunPlan> {
  const { suite, selection, processors } = request
  const config = await readConfig(request.files)
  const { options, positional } = splitArguments(suite.invocation.arguments, table)
  const files = selection.files ?? (await findFiles(request, positional, config))
  const nodeArguments = [...toList(config['node-arg']), ...valuesOf(options, '--node-arg')]
  const environment = Object.fromEntries(
    [...toList(config['test-env']), ...valuesOf(options, '--test-env')].map((setting) => {
      const [name = '', ...value] = setting.split('=')
      return [name, value.join('=')]
    }),
  )
  return {
    concurrency: concurrencyOf(options, config, version, processors),
    executions: files.map((file): Execution => ({
      file,
      command: joinCommand(
        'node',
        quoteAll(nodeArguments),
        /\.[mc]?tsx?$/.test(file) ? '--require ts-node/register' : '',
        '--require "$reporters/tap.cjs"',
        quoteAll([file]),
      ),
      reporters: ['channel.cjs', 'tap.cjs'],
      results: 'tap-records',
      // tap's own command sets TAP; limits of time are the studio's.
      environment: { TAP: '1', TAP_TIMEOUT: '0', ...environment },
    })),
  }
}

async function findFiles(
  request: PlanRequest,
  positional: readonly ShellWord[],
  config: TapConfig,
): Promise<readonly string[]> {
  const listing = await request.files.list()
  const words = positional.length > 0 ? positional : toList(config.files).map(literalWord)
  if (words.length > 0) return matchAllFiles(words, listing, extensions)
  return defaultTestFiles(listing, config['test-regex'] ?? defaultPattern)
}

function planCommand({ suite, selection }: PlanRequest): RunPlan {
  const { options, positional } = splitArguments(suite.invocation.arguments, table)
  const own = positional.filter(isNoVerb)
  const files = selection.files === undefined ? own : selection.files.map(literalWord)
  // Test processes do not inherit the descriptor of the report, but can open a pipe by its name.
  const command = [
    'mkfifo "$reporters/pipe"',
    'cat "$reporters/pipe" >&3 & reader=$!',
    'exec 4>"$reporters/pipe"',
    joinCommand(
      'ATELIER_REPORT_TARGET="$reporters/pipe" tap run',
      '--disable-coverage --allow-empty-coverage --reporter=terse --node-arg=--require="$reporters/tap.cjs"',
      options,
      files,
      '3>&- 4>&-',
    ),
    'status=$?; exec 4>&-; wait "$reader"; exit "$status"',
  ].join('\n')
  return {
    concurrency: 1,
    executions: [
      { file: null, command, reporters: ['channel.cjs', 'tap.cjs'], results: 'tap-records', exec: false },
    ],
  }
}

/** A configuration that cannot be read is left to tap's own complaint. */
async function readConfig(files: PlanRequest['files']): Promise<TapConfig> {
  const manifest = manifestSchema.safeParse(parseJson(await files.read('package.json')))
  const file = configSchema.safeParse(parseYaml(await files.read('.taprc')))
  return { ...(manifest.success ? manifest.data.tap : {}), ...(file.success ? file.data : {}) }
}

const manifestSchema = z.object({ tap: configSchema.optional() })
const versionSchema = z.object({ version: z.string() })

async function installedMajor(files: PlanRequest['files']): Promise<number> {
  const manifest = versionSchema.safeParse(parseJson(await files.read('node_modules/tap/package.json')))
  return manifest.success ? Number.parseInt(manifest.data.version, 10) : 0
}

function toList(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

function valuesOf(options: readonly ShellWord[], name: string): readonly string[] {
  return options.flatMap((word, at) => {
    if (word.text.startsWith(`${name}=`)) return [word.text.slice(name.length + 1)]
    const next = options[at + 1]
    return word.text === name && next !== undefined ? [next.text] : []
  })
}

/** Files run side by side where tap itself would: on request, and by default from version 15 on. */
function concurrencyOf(
  options: readonly ShellWord[],
  config: TapConfig,
  version: number,
  processors: number,
): number {
  const asked = [...valuesOf(options, '--jobs'), ...valuesOf(options, '-j'), config.jobs ?? '']
    .map(Number)
    .find((jobs) => jobs > 0)
  const parallel = options.some((word) => /^-J|^--jobs-auto$/.test(word.text)) || version >= 15
  return Math.max(1, Math.min(asked ?? (parallel ? processors : 1), processors))
}
