import type { DiffSummary } from '../../contracts/index.ts'

export type FileKind = DiffSummary['files'][number]['kind']

const testFolders = new Set([
  'test',
  'tests',
  '__tests__',
  'spec',
  'specs',
  '__mocks__',
  '__snapshots__',
  '__fixtures__',
  'fixtures',
  'testdata',
  'e2e',
  'cypress',
])

/** `unit_tests`, `python_testcases`, `test-data`. */
const testFolderNames = /^(?:[\w-]+[_-])?test(?:s|cases)$|^test[_-]?(?:data|cases|files|utils|support)$/i

const testNames = [
  /(?:^|[._-])(?:test|tests|spec|specs)\.[cm]?[jt]sx?$/i,
  /(?:^|[._-])(?:test|tests|spec|specs)\.[a-z-]{1,12}\.[cm]?[jt]sx?$/i,
  /^test_.*\.py$|_test\.(?:py|go|rb|exs)$|^tests?\.py$|^conftest\.py$/,
  /(?:Tests?|Spec|IT)\.(?:java|kt|scala|groovy|cs)$/,
  /\.snap$/,
]

const sourceExtensions = new Set(
  `js mjs cjs jsx ts mts cts tsx vue svelte py pyi go rs rb java kt kts scala groovy c h cc cpp cxx hpp m mm cs fs php
   swift ex exs erl hs ml clj lua pl pm r jl dart sh bash zsh ps1 sql css scss less html`
    .split(/\s+/)
    .filter((extension) => extension !== ''),
)

const configurationNames =
  /^(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|tsconfig.*\.json|jsconfig\.json|Makefile|GNUmakefile|Dockerfile.*|Jenkinsfile|Pipfile(?:\.lock)?|poetry\.lock|requirements.*\.txt|constraints.*\.txt|setup\.(?:py|cfg)|pyproject\.toml|tox\.ini|pytest\.ini|go\.(?:mod|sum)|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|pom\.xml|build\.gradle(?:\.kts)?|CODEOWNERS|\..+)$/
const configurationExtensions =
  /\.(?:config|conf|rc)\.[cm]?[jt]s$|\.(?:json|jsonc|json5|ya?ml|toml|ini|cfg|conf|properties|lock|env|tf|hcl)$/
const documentationNames =
  /^(?:README|CHANGELOG|CHANGES|HISTORY|LICENSE|LICENCE|NOTICE|AUTHORS|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT)(?:\..*)?$/i
const documentationExtensions = /\.(?:md|mdx|markdown|rst|adoc|asciidoc|txt)$/i

/**
 * Whether a path belongs to the tests of a project: test files, and what they read (fixtures, snapshots, mocks). The
 * verdict takes all of these from the base revision.
 */
export function isTestPath(path: string): boolean {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  return (
    parts.some((part) => testFolders.has(part.toLowerCase()) || testFolderNames.test(part)) ||
    testNames.some((pattern) => pattern.test(name))
  )
}

/** What sort of file a path names, by convention. Tests first: a README below `test/` is part of the tests. */
export function fileKind(path: string): FileKind {
  if (isTestPath(path)) return 'test'
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (documentationNames.test(name) || /^docs?\//i.test(path)) return 'documentation'
  if (configurationNames.test(name) || configurationExtensions.test(name)) return 'configuration'
  if (documentationExtensions.test(name)) return 'documentation'
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  if (sourceExtensions.has(extension)) return 'source'
  return path.startsWith('.github/') || path.startsWith('.circleci/') ? 'configuration' : 'other'
}
