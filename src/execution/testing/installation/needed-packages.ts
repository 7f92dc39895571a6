import { z } from 'zod'
import { importsOf } from '../detection/entry-file.ts'
import type { PackageManifest } from '../detection/manifest.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import { parseJson } from '../structured-text.ts'
import type { TestSuite } from '../suite.ts'

const program = /\.([cm]?[jt]s|[jt]sx)$/
/** What builds, checks or documents a package, but is not loaded by its tests. */
const toolConfiguration =
  /(^|\/)(docs?|examples?|dist|website|benchmarks?|bench)\/|(gulpfile|gruntfile|rollup|webpack|karma|eslint|prettier|stylelint|commitlint|release)[^/]*$/i
/** Files that name packages for the tests without importing them. */
const testConfiguration =
  /^(\.babelrc[^/]*|babel\.config\.\w+|\.mocharc\.\w+|\.taprc|\.borp\.ya?ml|\.swcrc|jest[^/]*\.(json|js|cjs|mjs|ts)|vite[^/]*\.config\.\w+|ava\.config\.\w+|tsconfig[^/]*\.json|test\/mocha\.opts|package\.json)$/
/** Translators, which runners load by themselves. */
const translators =
  /^(typescript$|ts-|tsx$|esbuild|babel-|@babel\/|@swc\/|@types\/|sucrase|esm$|coffeescript$)/
const mostFiles = 3000

/**
 * The development dependencies that tests need, as far as files show it: the runner, what any program imports, and
 * what configuration files of tests name. The rest are linters, documentation, release tools and their like.
 */
export async function neededDevelopmentPackages(
  manifest: PackageManifest,
  suite: Pick<TestSuite, 'framework' | 'invocation'>,
  files: RepositoryFiles,
): Promise<readonly string[]> {
  const listing = await files.list()
  const used = new Set<string>([suite.framework, suite.invocation.program])
  for (const word of [...suite.invocation.nodeOptions, ...suite.invocation.arguments])
    used.add(packageOf(word.text))
  for (const file of listing
    .filter((name) => program.test(name) && !toolConfiguration.test(name))
    .slice(0, mostFiles))
    for (const name of importsOf((await files.read(file)) ?? '')) used.add(packageOf(name))
  const configured = await Promise.all(
    listing.filter((name) => testConfiguration.test(name)).map((name) => configurationText(name, files)),
  )
  const text = configured.join('\n')
  return Object.keys(manifest.devDependencies).filter(
    (name) => used.has(name) || translators.test(name) || namedIn(text, name),
  )
}

/** `@scope/name/path` and `name/path` without the path. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

const settingsSchema = z.record(z.string(), z.unknown()).catch({})

/** Of package.json only the settings: scripts and dependencies name everything. */
async function configurationText(name: string, files: RepositoryFiles): Promise<string> {
  const text = await files.read(name)
  if (name !== 'package.json') return text ?? ''
  const settings = settingsSchema.parse(parseJson(text))
  return JSON.stringify(
    ['jest', 'mocha', 'ava', 'tap', 'babel', 'vitest'].map((key) => settings[key]).filter(Boolean),
  )
}

function namedIn(text: string, name: string): boolean {
  const short = name.replace(/^(jest-environment-|jest-)/, '')
  return (
    text.includes(`"${name}`) ||
    text.includes(`'${name}`) ||
    text.includes(`"${short}"`) ||
    text.includes(`'${short}'`)
  )
}
