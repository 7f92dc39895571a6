import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../kernel/index.ts'
import { detectSuite, publicRegistries } from '../index.ts'
import { filesInMemory, type ProjectFiles, ScratchProjects } from '../scratch-project.ts'
import { packageRecipe } from './javascript.ts'
import { pythonRecipe } from './python.ts'
import type { InstallAttempt, RecipeRequest } from './recipe.ts'

async function request(files: ProjectFiles, options: Partial<RecipeRequest> = {}): Promise<RecipeRequest> {
  const inMemory = filesInMemory(files)
  return {
    suite: await detectSuite(inMemory),
    files: inMemory,
    registries: publicRegistries,
    before: undefined,
    allowScripts: false,
    ...options,
  }
}

const manifest = (more: object): ProjectFiles => ({
  'package.json': JSON.stringify({ scripts: { test: 'mocha' }, ...more }),
})

/** What is tried one after another when each attempt leaves the next of these logs. */
async function attempts(first: InstallAttempt | undefined, logs: readonly string[]): Promise<string[]> {
  const tried: string[] = []
  let attempt: InstallAttempt | null = first ?? null
  for (const log of [...logs, '']) {
    if (attempt === null) break
    tried.push(attempt.description)
    attempt = log === '' ? null : await attempt.next(log)
  }
  return tried
}

describe('what npm is asked for', () => {
  const old = manifest({ devDependencies: { mocha: '^6.0.0', eslint: '^5.0.0', chai: '^4.0.0' } })
  const program = { 'test/a.js': "const { expect } = require('chai')\n" }

  it('follows the lock file, and does without where it names what is gone', async () => {
    const recipe = await packageRecipe(
      new Set(),
      await request({ ...old, ...program, 'package-lock.json': '{}' }),
    )
    const tried = await attempts(recipe?.first, ['npm error code ERESOLVE', 'npm error code E404'])
    expect(tried).toEqual([
      'npm ci',
      'npm ci --legacy-peer-deps',
      'npm install --no-save --no-package-lock --legacy-peer-deps',
    ])
  })

  it('takes the versions of the time, then any, then only what tests need', async () => {
    const before = '2019-01-01T10:00:00+01:00'
    const recipe = await packageRecipe(new Set(), await request({ ...old, ...program }, { before }))
    const tried = await attempts(recipe?.first, ['npm error code ETARGET', 'npm error code 128 git'])
    expect(tried).toEqual([
      'npm install --no-save --no-package-lock --before=2019-01-01T23:59:59.999Z',
      'npm install --no-save --no-package-lock',
      'npm install --no-save --no-package-lock, without eslint',
    ])
  })

  it('gives up when the registry is not reached', async () => {
    const recipe = await packageRecipe(new Set(), await request(old))
    const log = 'npm error request to https://registry.npmjs.org/mocha failed, reason: getaddrinfo ENOTFOUND'
    await expect(recipe?.first.next(log)).resolves.toBeNull()
  })

  it('goes on when only another host is not reached', async () => {
    const recipe = await packageRecipe(new Set(), await request({ ...old, ...program }))
    const log = 'npm error request to https://codeload.github.com/a/b failed, reason: ECONNREFUSED'
    await expect(recipe?.first.next(log)).resolves.not.toBeNull()
  })

  it('runs no scripts unless they were allowed', async () => {
    const safe = await packageRecipe(new Set(), await request(old))
    const free = await packageRecipe(new Set(), await request(old, { allowScripts: true }))
    expect(safe?.first.command).toMatch(/ --ignore-scripts$/)
    expect(free?.first.command).toContain('--ignore-scripts=false')
    expect(free?.dependsOnTree).toBe(true)
  })

  it('is nothing for a package without dependencies', async () => {
    await expect(packageRecipe(new Set(), await request(manifest({})))).resolves.toBeNull()
  })
})

describe('what pip is asked for', () => {
  it('is what the project declares for itself and for its tests', async () => {
    const pyproject = `[project]
dependencies = ["requests>=2"]
[project.optional-dependencies]
test = ["hypothesis"]
docs = ["sphinx"]
[dependency-groups]
dev = ["pytest-mock", { include-group = "lint" }]
`
    const setup =
      '[options]\ninstall_requires =\n    attrs>=20  # small\n\n[options.extras_require]\ntests = pytest-xdist\n'
    const recipe = await pythonRecipe(
      await request({
        'pytest.ini': '',
        'a.py': '',
        'pyproject.toml': pyproject,
        'setup.cfg': setup,
        'requirements-test.txt': 'freezegun',
      }),
    )
    expect(recipe?.first.description).toBe(
      "pip install -r requirements-test.txt 'requests>=2' hypothesis pytest-mock 'attrs>=20' pytest-xdist pytest",
    )
    expect(recipe?.first.command).toContain('--only-binary=:all:')
  })

  it('names a pyproject.toml that is broken', async () => {
    const broken = await request({ 'pytest.ini': '', 'a.py': '', 'pyproject.toml': '[project' })
    await expect(pythonRecipe(broken)).rejects.toMatchObject({ code: 'ATL_TESTING_MANIFEST_UNREADABLE' })
  })
})

describe('an installation', () => {
  let projects: ScratchProjects

  beforeAll(async () => {
    projects = await ScratchProjects.open()
  })

  afterAll(async () => {
    await projects[Symbol.asyncDispose]()
  })

  const small = manifest({
    devDependencies: { 'is-number': '7.0.0' },
    scripts: { test: 'mocha', postinstall: 'mkdir -p node_modules && echo > node_modules/ran' },
  })

  it('happens once for runs at the same time, is kept per tenant, and runs no scripts', async () => {
    const cacheDirectory = join(projects.folder, 'layers')
    const [one, two] = await Promise.all([
      projects.install(small, { cacheDirectory }),
      projects.install(small, { cacheDirectory }),
    ])
    expect(one.layers).toEqual(two.layers)
    const [layer = ''] = one.layers
    const installed = readFileSync(join(layer, 'node_modules/is-number/package.json'), 'utf8')
    expect(installed).toContain('"7.0.0"')
    expect(existsSync(join(layer, 'node_modules/ran'))).toBe(false)
    expect(existsSync(join(layer, 'package.json'))).toBe(false)
    const again = await projects.install(small, { cacheDirectory })
    expect(again).toMatchObject({ cached: true, layers: [layer] })
    const other = await projects.install(small, { cacheDirectory, tenantId: 'tenant_other' as TenantId })
    expect(other.layers[0]).not.toBe(layer)
    expect(readdirSync(cacheDirectory)).toHaveLength(2)
  })

  it('runs scripts where a person allowed them', async () => {
    const cacheDirectory = join(projects.folder, 'layers-with-scripts')
    const { layers } = await projects.install(small, { cacheDirectory, allowScripts: true })
    expect(existsSync(join(layers[0] ?? '', 'node_modules/ran'))).toBe(true)
  })

  it('fails with the end of the log when a package does not exist', async () => {
    const cacheDirectory = join(projects.folder, 'layers-that-fail')
    const files = manifest({ dependencies: { 'is-number': '7.0.999' } })
    await expect(projects.install(files, { cacheDirectory })).rejects.toMatchObject({
      code: 'ATL_TESTING_INSTALL_FAILED',
      details: { tried: ['npm install --no-save --no-package-lock'] },
    })
    expect(existsSync(cacheDirectory) ? readdirSync(cacheDirectory) : []).toEqual([])
  })

  it('says so when the registry cannot be reached', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/`
    await expect(
      projects.install(small, {
        cacheDirectory: join(projects.folder, 'layers-unreached'),
        registries: { npm: { url }, pip: { url } },
      }),
    ).rejects.toMatchObject({ code: 'ATL_TESTING_INSTALL_UNREACHABLE', retryable: true })
  })

  it('ends in time', async () => {
    await expect(
      projects.install(small, { cacheDirectory: join(projects.folder, 'layers-late'), timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: 'ATL_TESTING_INSTALL_TIMED_OUT' })
  })

  it('ends when it is cancelled', async () => {
    await expect(
      projects.install(small, {
        cacheDirectory: join(projects.folder, 'layers-cancelled'),
        signal: AbortSignal.abort(new Error('not any more')),
      }),
    ).rejects.toThrow('not any more')
  })
})

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
