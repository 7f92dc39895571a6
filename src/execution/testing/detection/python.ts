import type { RepositoryFiles } from '../repository-files.ts'
import type { TestSuite } from '../suite.ts'

const testFile = /(^|\/)(test_[^/]*|[^/]*_test|tests?)\.py$/

/** Finds the suite of a Python project; null if it has none. */
export async function detectPythonSuite(files: RepositoryFiles): Promise<TestSuite | null> {
  const listing = await files.list()
  if (!listing.some((file) => file.endsWith('.py'))) return null
  const configured = await pytestConfiguration(files, listing)
  if (configured !== null) return pythonSuite('pytest', [], configured)
  const tests = listing.filter((file) => testFile.test(file))
  let unittests: string | undefined
  for (const file of tests.slice(0, 200)) {
    const text = (await files.read(file)) ?? ''
    if (/^\s*(import|from) pytest\b/m.test(text))
      return pythonSuite('pytest', [], `\`${file}\` imports pytest`)
    if (/^\s*(import|from) unittest\b/m.test(text)) unittests ??= file
    else if (/^(async )?def test_/m.test(text))
      return pythonSuite('pytest', [], `\`${file}\` holds plain test functions`)
  }
  if (unittests === undefined) return null
  return pythonSuite('unittest', discovery(listing, unittests), `\`${unittests}\` uses unittest`)
}

async function pytestConfiguration(
  files: RepositoryFiles,
  listing: readonly string[],
): Promise<string | null> {
  if (listing.includes('pytest.ini')) return '`pytest.ini` is there'
  const sections = [
    ['pyproject.toml', /^\[tool\.pytest\.ini_options\]/m],
    ['setup.cfg', /^\[tool:pytest\]/m],
    ['tox.ini', /^\[pytest\]|^\s*(commands\s*=)?\s*(python -m )?pytest\b/m],
  ] as const
  for (const [file, section] of sections)
    if (listing.includes(file) && section.test((await files.read(file)) ?? ''))
      return `\`${file}\` configures pytest`
  const conftest = listing.find((file) => /(^|\/)conftest\.py$/.test(file))
  return conftest === undefined ? null : `\`${conftest}\` is there`
}

/** Discovery starts in the folder of the tests, if it is a package from the root, otherwise there itself. */
function discovery(listing: readonly string[], file: string): readonly string[] {
  const folder = file.includes('/') ? (file.split('/')[0] ?? '') : ''
  const pattern = /(^|\/)test[^/]*\.py$/.test(file) ? [] : ['-p', '*test*.py']
  if (folder === '') return ['discover', ...pattern]
  return listing.includes(`${folder}/__init__.py`)
    ? ['discover', '-s', folder, '-t', '.', ...pattern]
    : ['discover', '-s', folder, ...pattern]
}

function pythonSuite(framework: 'pytest' | 'unittest', words: readonly string[], reason: string): TestSuite {
  return {
    framework,
    packageManager: 'pip',
    directory: '',
    command: ['python3', '-m', framework, ...words].join(' '),
    invocation: {
      environment: {},
      prefix: [],
      nodeOptions: [],
      program: framework,
      arguments: words.map((text) => ({ raw: text.includes('*') ? `'${text}'` : text, text })),
    },
    preparation: [],
    explanation: [`${framework} was chosen because ${reason}.`],
    alternatives: [],
  }
}
