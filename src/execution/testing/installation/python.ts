import { parse as parseToml } from 'smol-toml'
import { z } from 'zod'
import { quoteWord } from '../detection/shell-words.ts'
import { testingErrors } from '../errors.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import type { InstallAttempt, InstallRecipe, RecipeRequest } from './recipe.ts'

/** Groups and extras whose names say that tests need them. */
const testGroup = /^(tests?|testing|dev|develop|development)$/

const listSchema = z.record(z.string(), z.array(z.unknown())).catch({})
const projectSchema = z.object({
  project: z
    .object({
      dependencies: z.array(z.string()).catch([]).default([]),
      'optional-dependencies': listSchema.default({}),
    })
    .partial()
    .catch({})
    .default({}),
  'dependency-groups': listSchema.default({}),
})

/** How the dependencies of a Python project are installed; null if it has none. */
export async function pythonRecipe(request: RecipeRequest): Promise<InstallRecipe | null> {
  const { suite, files, registries, allowScripts, before } = request
  const listing = await files.list()
  const requirementFiles = listing.filter(
    (file) =>
      /^(requirements\/)?(requirements|(test|dev)[-_]?requirements|requirements[-_.]?(tests?|dev|testing)|tests?|dev)\.(txt|in)$/.test(
        file,
      ) && file.includes('requirements'),
  )
  const declared = await declaredRequirements(files)
  const needsPytest =
    suite.framework === 'pytest' && !declared.some((name) => /^pytest(?![\w.-])/i.test(name))
  const requirements = [...declared, ...(needsPytest ? ['pytest'] : [])]
  if (requirements.length === 0 && requirementFiles.length === 0) return null
  return {
    inputs: [
      ...requirementFiles,
      ...['pyproject.toml', 'setup.cfg'].filter((file) => listing.includes(file)),
    ],
    dependsOnTree: allowScripts,
    outputs: ['.venv'],
    first: pipAttempt(request, requirements, requirementFiles),
    registry: registries.pip,
    environment: (caFile) => ({
      PIP_INDEX_URL: registries.pip.url,
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_NO_INPUT: '1',
      ...(caFile === undefined
        ? {}
        : { PIP_CERT: caFile, SSL_CERT_FILE: caFile, REQUESTS_CA_BUNDLE: caFile }),
    }),
    explanation: [
      allowScripts
        ? 'Packages could be built from source, which runs their code.'
        : 'Only built packages (wheels) were taken, so that no code of a package ran.',
      ...(before === undefined
        ? []
        : ['pip cannot leave out versions by date; the newest that fit were taken.']),
    ],
  }
}

function pipAttempt(
  { allowScripts }: RecipeRequest,
  requirements: readonly string[],
  requirementFiles: readonly string[],
): InstallAttempt {
  const wanted = [
    ...requirementFiles.map((file) => `-r ${quoteWord(file)}`),
    ...requirements.map(quoteWord),
  ].join(' ')
  const binary = allowScripts ? '' : ' --only-binary=:all:'
  return {
    command: [
      // Found before the environment, which comes first on PATH and has no pip, exists.
      'python=$(command -v python3)',
      '"$python" -m venv --without-pip .venv',
      `"$python" -m pip --python .venv/bin/python3 install --no-compile --cache-dir "$TMPDIR/pip"${binary} ${wanted}`,
      // Sandboxes cannot keep what Python compiles, so it is done once here. Files that do not compile are left alone.
      '{ "$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash .venv/lib || true; }',
    ].join(' && '),
    description: `pip install ${wanted}`,
    next: (log) => {
      if (/No module named (pip|venv|ensurepip)/.test(log))
        throw testingErrors.RUNTIME_MISSING({
          detail:
            'pip and venv, which install Python packages (on Debian: apt-get install python3-pip python3-venv)',
        })
      return Promise.resolve(null)
    },
  }
}

async function declaredRequirements(files: RepositoryFiles): Promise<readonly string[]> {
  const inProject = await projectRequirements(files)
  const inSetup = setupRequirements((await files.read('setup.cfg')) ?? '')
  return [...new Set([...inProject, ...inSetup])]
}

async function projectRequirements(files: RepositoryFiles): Promise<readonly string[]> {
  const text = await files.read('pyproject.toml')
  if (text === null) return []
  let value: unknown
  try {
    value = parseToml(text)
  } catch (cause) {
    throw testingErrors.MANIFEST_UNREADABLE({ detail: 'pyproject.toml', cause })
  }
  const parsed = projectSchema.safeParse(value)
  if (!parsed.success) return []
  const { project, 'dependency-groups': groups } = parsed.data
  const named = { ...project['optional-dependencies'], ...groups }
  const extra = Object.entries(named)
    .filter(([name]) => testGroup.test(name))
    .flatMap(([, list]) => list)
  return [...(project.dependencies ?? []), ...extra].filter((item) => typeof item === 'string')
}

/** `install_requires` and the test extras of a setup.cfg. */
function setupRequirements(text: string): readonly string[] {
  const found: string[] = []
  let wanted = false
  let section = ''
  for (const line of text.split('\n')) {
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1]
    if (heading !== undefined) section = heading
    const key = /^([\w-]+)\s*=\s*(.*)$/.exec(line)
    if (key !== null)
      wanted =
        (section === 'options' && (key[1] === 'install_requires' || key[1] === 'tests_require')) ||
        (section === 'options.extras_require' && testGroup.test(key[1] ?? ''))
    const value = (key === null ? line : (key[2] ?? '')).replace(/(^|\s)#.*/, '').trim()
    if (wanted && heading === undefined && value !== '') found.push(value)
  }
  return found
}
