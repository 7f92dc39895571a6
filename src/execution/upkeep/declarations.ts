import {
  hasDependency,
  type PackageManifest,
  readManifest,
  type RepositoryFiles,
  unwrapCommand,
  walkPackageScript,
} from '../testing/index.ts'
import { packageFiles, type UpkeepPlace } from './kind.ts'

/** What a project says about the programs it uses. */
export interface Declarations {
  readonly manifest: PackageManifest | null
  readonly listing: readonly string[]
  /** The requirements and the configuration of a Python project, one after another. */
  readonly python: string
  readonly packageManager: UpkeepPlace['packageManager']
}

const pythonFiles =
  /^(?:requirements\/)?[\w.-]*requirements[\w.-]*\.(?:txt|in)$|^(?:pyproject\.toml|setup\.cfg|tox\.ini)$/

export async function readDeclarations(place: UpkeepPlace, tree: string): Promise<Declarations> {
  const files: RepositoryFiles = packageFiles(place, tree)
  const listing = await files.list()
  const texts = await Promise.all(
    listing.filter((path) => pythonFiles.test(path)).map(async (path) => (await files.read(path)) ?? ''),
  )
  return {
    manifest: await readManifest(files),
    listing,
    python: texts.join('\n').slice(0, 1_000_000),
    packageManager: place.packageManager,
  }
}

/** Whether package.json depends on a package. */
export function needsPackage({ manifest }: Declarations, name: string): boolean {
  return manifest !== null && hasDependency(manifest, name)
}

/** Whether requirements or configuration of a Python project name a program. */
export function namesPythonProgram({ python }: Declarations, name: string): boolean {
  return new RegExp(
    String.raw`^\s*["']?${name}(?![\w.-])|^\[tool\.${name}\b|["']${name}(?![\w.-])`,
    'm',
  ).test(python)
}

/** Scripts that call linters and formatters, in the order in which they are asked; then all others. */
const wellKnown = [
  'lint:fix',
  'fix',
  'lint',
  'format',
  'format:fix',
  'fmt',
  'prettier',
  'check',
  'format:check',
]

export interface DeclaredCall {
  /** What follows the program, as a shell reads it. */
  readonly words: readonly string[]
  /** The script of package.json that calls it, or null if none does. */
  readonly script: string | null
}

/** How the project itself calls a program, taken from its scripts. */
export function declaredCall({ manifest }: Declarations, program: string): DeclaredCall {
  const scripts = manifest?.scripts ?? {}
  const names = [...wellKnown, ...Object.keys(scripts).sort()].filter((name) => name in scripts)
  for (const name of names)
    for (const command of walkPackageScript(name, scripts) ?? []) {
      const { invocation } = unwrapCommand(command)
      if (invocation.program === program)
        return { words: invocation.arguments.map(({ raw }) => raw), script: name }
    }
  return { words: [], script: null }
}

/** Words without these options. `withValue` take the next word along, unless it is joined by `=`. */
export function withoutOptions(
  words: readonly string[],
  options: { readonly plain: RegExp; readonly withValue: RegExp },
): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const name = word.split('=')[0] ?? word
    if (options.withValue.test(name)) at += word.includes('=') ? 0 : 1
    else if (!options.plain.test(name)) kept.push(word)
  }
  return kept
}

/** Words of the project's call, or the whole package where it names nothing. */
export function orEverything(words: readonly string[]): readonly string[] {
  return words.length === 0 ? ['.'] : words
}
