import type { TestFramework } from '../../../contracts/index.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import { runners } from '../runners/index.ts'
import type { TestSuite } from '../suite.ts'
import type { SuiteCandidate } from './candidates.ts'
import { chooseCandidate, findCandidates } from './candidates.ts'
import { importsOf } from './entry-file.ts'
import type { PackageManifest } from './manifest.ts'
import { hasDependency, packageManagerOf } from './manifest.ts'
import { preparationOf } from './preparation.ts'
import type { ScriptCommand } from './script-walk.ts'
import { walkPackageScript, walkScript } from './script-walk.ts'
import { literalWord } from './shell-words.ts'

/** Scripts that hold the tests, in the order in which they are asked. */
const scriptNames = [
  'test',
  'tests',
  'unit',
  'test:unit',
  'unit-test',
  'tests-only',
  'test:node',
  'spec',
  'mocha',
  'jest',
  'vitest',
  'test:ci',
  'ci',
  'check',
]
/** What `npm init` writes. */
const placeholder = /no test specified/

/** Finds the suite of a package with a package.json; null if it has none. */
export async function detectPackageSuite(
  manifest: PackageManifest,
  files: RepositoryFiles,
): Promise<TestSuite | null> {
  const listing = await files.list()
  const names = scriptNames.filter((name) => {
    const script = manifest.scripts[name]
    return script !== undefined && !placeholder.test(script)
  })
  for (const name of names) {
    const commands = walkPackageScript(name, manifest.scripts)
    const suite = commands === null ? null : await suiteOfScript(name, commands, manifest, files)
    if (suite !== null) return suite
  }
  const byConfiguration = await detectWithoutScript(manifest, files)
  if (byConfiguration !== null) return byConfiguration
  const [first] = names
  return first === undefined ? null : wholeScript(first, manifest, listing)
}

async function suiteOfScript(
  name: string,
  commands: readonly ScriptCommand[],
  manifest: PackageManifest,
  files: RepositoryFiles,
): Promise<TestSuite | null> {
  const candidates = await findCandidates(commands, files)
  const chosen = chooseCandidate(candidates)
  if (chosen === undefined) return null
  const way = [name, ...chosen.trail.slice(1)].map((step) => `\`${step}\``).join(' → ')
  return {
    ...suiteOf(chosen, candidates, commands),
    packageManager: packageManagerOf(manifest, await files.list()),
    explanation: [
      `The script ${way} of package.json runs the tests with \`${chosen.command}\`.`,
      ...explain(chosen, candidates),
    ],
  }
}

/** The suite that a command of the person's own stands for. */
export async function suiteOfCommand(
  command: string,
  manifest: PackageManifest | null,
  files: RepositoryFiles,
): Promise<TestSuite> {
  const commands = walkScript(command, manifest?.scripts ?? {})
  const candidates = commands === null ? [] : await findCandidates(commands, files)
  const chosen = chooseCandidate(candidates)
  const packageManager = packageManagerOf(manifest, await files.list())
  if (chosen === undefined || commands === null)
    return {
      ...commandSuite(command, packageManager),
      explanation: [
        `The given command \`${command}\` runs no test runner that is known; its exit status decides.`,
      ],
    }
  return {
    ...suiteOf(chosen, candidates, commands),
    packageManager,
    explanation: [
      `The given command \`${command}\` runs the tests with \`${chosen.command}\`.`,
      ...explain(chosen, candidates),
    ],
  }
}

function suiteOf(
  chosen: SuiteCandidate,
  candidates: readonly SuiteCandidate[],
  commands: readonly ScriptCommand[],
): Omit<TestSuite, 'packageManager' | 'explanation'> {
  return {
    framework: chosen.framework,
    directory: '',
    command: chosen.command,
    invocation: chosen.invocation,
    preparation: [
      ...preparationOf(
        commands,
        candidates.map(({ command }) => command),
      ),
    ],
    alternatives: candidates
      .filter((candidate) => candidate !== chosen)
      .map(({ framework, command, narrowed }) => ({
        framework,
        command,
        reason: narrowed ? 'It names files and runs only a part.' : 'It runs before the chosen one.',
      })),
  }
}

function explain(chosen: SuiteCandidate, candidates: readonly SuiteCandidate[]): readonly string[] {
  const left = chosen.omitted.map((what) => `Left out: ${what}, which does not change a test's result.`)
  return candidates.length > 1
    ? [...left, `Of ${candidates.length} test commands the one that covers most was taken.`]
    : left
}

/** Runners that are installed or configured although no script calls them. */
async function detectWithoutScript(
  manifest: PackageManifest,
  files: RepositoryFiles,
): Promise<TestSuite | null> {
  const listing = await files.list()
  for (const runner of Object.values(runners)) {
    const { framework, configuration, dependency } = runner
    const configured = listing.find((file) => configuration?.test(file) === true)
    const installed = dependency !== undefined && hasDependency(manifest, dependency)
    if (!installed || framework === 'tape') continue
    const reason =
      configured === undefined ? `\`${dependency}\` is a dependency` : `\`${configured}\` is there`
    return withoutScript(framework, dependency, [], manifest, listing, reason)
  }
  const tests = listing.filter((file) => /(^|\/)(tests?|__tests__)\/|[._-](test|spec)\.|^test[./]/.test(file))
  for (const file of tests.filter((name) => /\.[cm]?[jt]s$/.test(name)).slice(0, 200)) {
    const imports = importsOf((await files.read(file)) ?? '')
    if (imports.includes('node:test'))
      return withoutScript('node:test', 'node', [], manifest, listing, `\`${file}\` uses \`node:test\``)
    if (imports.includes('tape')) {
      const folder = file.includes('/') ? `${file.split('/')[0] ?? ''}/**/*.js` : file
      return withoutScript('tape', 'tape', [folder], manifest, listing, `\`${file}\` uses tape`)
    }
  }
  return null
}

function withoutScript(
  framework: TestFramework,
  program: string,
  words: readonly string[],
  manifest: PackageManifest,
  listing: readonly string[],
  reason: string,
): TestSuite {
  const nodeOptions = program === 'node' ? [literalWord('--test')] : []
  return {
    framework,
    packageManager: packageManagerOf(manifest, listing),
    directory: '',
    command: [program, ...nodeOptions.map((word) => word.text), ...words].join(' '),
    invocation: { environment: {}, prefix: [], nodeOptions, program, arguments: words.map(literalWord) },
    preparation: [],
    explanation: [`No script of package.json runs tests; ${framework} was chosen because ${reason}.`],
    alternatives: [],
  }
}

/** A script that nothing was recognised in, run as a whole. */
function wholeScript(name: string, manifest: PackageManifest, listing: readonly string[]): TestSuite {
  const script = manifest.scripts[name] ?? ''
  return {
    ...commandSuite(script, packageManagerOf(manifest, listing)),
    explanation: [
      `The script \`${name}\` of package.json runs no test runner that is known; its exit status decides.`,
    ],
  }
}

/** A suite of which only the exit status is understood. */
function commandSuite(
  command: string,
  packageManager: TestSuite['packageManager'],
): Omit<TestSuite, 'explanation'> {
  return {
    framework: 'command',
    packageManager,
    directory: '',
    command,
    // As raw text: a shell has to read it.
    invocation: { environment: {}, prefix: [], nodeOptions: [], program: command, arguments: [] },
    preparation: [],
    alternatives: [],
  }
}
