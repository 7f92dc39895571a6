import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

import { ModuleMocks } from '../jest/module-mocks.ts'
import type { Program } from '../program.ts'
import { specApi } from '../spec-api.ts'
import { SpecTree } from '../spec-tree.ts'
import { withGlobals } from '../surroundings.ts'
import { loadFile } from '../test-run.ts'
import type { Adapter } from '../test-run.ts'

/** What of the project's own Vitest works outside its runner: assertions and spies. */
interface Vitest {
  readonly expect: Expect
  readonly vi: Readonly<Record<string, unknown>> & { restoreAllMocks(): void; useRealTimers(): void }
  readonly [name: string]: unknown
}

type Expect = ((value: unknown) => unknown) & {
  getState(): { readonly [key: string]: unknown }
  setState(state: object): void
}

interface Configuration {
  readonly setupFiles: readonly string[]
}

const loaded = new Map<string, Promise<{ readonly vitest: Vitest; readonly configuration: Configuration }>>()

/** Vitest, with the project's own `expect` and `vi`. */
export const vitest: Adapter = {
  async run(program, file, selection, observer, limits) {
    const { vitest: own, configuration } = await frameworkOf(program)
    const { expect, vi } = own
    const tree = new SpecTree({
      context: () => ({}),
      parameters: (names) => [{ expect, task: { name: names.at(-1) }, skip: () => undefined }],
      enter: (names) => {
        expect.setState({
          ...freshState,
          currentTestName: names.join(' > '),
          testPath: join(program.root, file),
        })
      },
      leave: () => {
        checkAssertions(expect.getState())
      },
    })
    const modules = new ModuleMocks(program, (actual) => actual, [program.directory])
    const api = { ...own, ...specApi(tree), expect, vi: viObject(program, vi, modules) }
    const exports = { ...api, vitest: api.vi, onTestFinished: () => undefined, onTestFailed: () => undefined }
    program.reset((request, from) =>
      request === 'vitest' || request === '@vitest/globals' ? { exports } : modules.intercept(request, from),
    )
    try {
      return await withGlobals(api, async () => {
        for (const setup of configuration.setupFiles) {
          program.requireActual(setup, join(program.directory, 'package.json'))
        }
        const failure = await loadFile(program, file)
        return failure === null
          ? { tests: await tree.run(selection, observer, limits) }
          : { tests: [], failure }
      })
    } finally {
      vi.useRealTimers()
      vi.restoreAllMocks()
    }
  },
}

const freshState = {
  assertionCalls: 0,
  isExpectingAssertions: false,
  isExpectingAssertionsError: null,
  expectedAssertionsNumber: null,
  expectedAssertionsNumberErrorGen: null,
}

function checkAssertions(state: Readonly<Record<string, unknown>>): void {
  const { expectedAssertionsNumber: expected, assertionCalls: made, isExpectingAssertions } = state
  if (typeof expected === 'number' && expected !== made) {
    throw new Error(`expected number of assertions to be ${expected}, but got ${String(made)}`)
  }
  if (isExpectingAssertions === true && made === 0)
    throw new Error('expected any number of assertion, but got none')
}

function frameworkOf(
  program: Program,
): Promise<{ readonly vitest: Vitest; readonly configuration: Configuration }> {
  let framework = loaded.get(program.directory)
  if (framework === undefined) {
    framework = load(program)
    loaded.set(program.directory, framework)
  }
  return framework
}

async function load(
  program: Program,
): Promise<{ readonly vitest: Vitest; readonly configuration: Configuration }> {
  const { directory } = program
  const manifestPath = createRequire(join(directory, 'package.json')).resolve('vitest/package.json')
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as {
    readonly exports?: Record<string, unknown>
  }
  // Vitest asks a global for the state of its runner.
  Reflect.defineProperty(globalThis, '__vitest_worker__', {
    value: workerState(directory),
    configurable: true,
    writable: true,
  })
  const entry = join(dirname(manifestPath), importEntry(manifest.exports?.['.']) ?? 'dist/index.js')
  const imported = (await import(pathToFileURL(entry).href)) as Vitest
  const configuration = readConfiguration(program)
  return { vitest: imported, configuration }
}

function importEntry(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  for (const condition of ['import', 'node', 'default']) {
    const found = condition in value ? importEntry(Reflect.get(value, condition)) : undefined
    if (found !== undefined && /\.m?js$/.test(found)) return found
  }
  return undefined
}

function workerState(directory: string): object {
  const config = {
    root: directory,
    fakeTimers: {},
    snapshotOptions: {},
    sequence: {},
    chaiConfig: {},
    expect: {},
  }
  return {
    config,
    ctx: { config, projectName: '' },
    environment: { name: 'node' },
    durations: {},
    moduleCache: new Map(),
    mockMap: new Map(),
    rpc: {},
    onCancel: Promise.resolve(),
  }
}

/** Set-up files named in the configuration; it is read as text because loading it would start Vite. */
function readConfiguration(program: Program): Configuration {
  const { directory } = program
  const names = ['vitest.config', 'vite.config'].flatMap((stem) =>
    ['.ts', '.mts', '.js', '.mjs', '.cjs'].map((extension) => stem + extension),
  )
  const found = names.map((name) => join(directory, name)).find((path) => existsSync(path))
  const text = found === undefined ? '' : readFileSync(found, 'utf8')
  const list = /\bsetupFiles\s*:\s*(\[[^\]]*\]|['"][^'"]+['"])/.exec(text)?.[1] ?? ''
  return { setupFiles: [...list.matchAll(/['"]([^'"]+)['"]/g)].map(([, path = '']) => toRelative(path)) }
}

const toRelative = (path: string): string =>
  path.startsWith('.') || path.startsWith('/') ? path : `./${path}`

/** `vi` with module mocks that act on the project's own modules. */
function viObject(program: Program, vi: Vitest['vi'], modules: ModuleMocks): Record<string, unknown> {
  const caller = (): string => callerOf(program)
  const mock = (request: unknown, factory?: unknown): void => {
    const from = caller()
    const make =
      typeof factory === 'function'
        ? () =>
            (factory as (original: () => unknown) => unknown)(() =>
              program.requireActual(String(request), from),
            )
        : undefined
    modules.mock(String(request), from, make)
  }
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(vi)) {
    const value = vi[name]
    copy[name] = typeof value === 'function' ? (value.bind(vi) as unknown) : value
  }
  return {
    ...copy,
    mock,
    doMock: mock,
    unmock: (request: unknown) => {
      modules.unmock(String(request), caller())
    },
    doUnmock: (request: unknown) => {
      modules.unmock(String(request), caller())
    },
    hoisted: (work: () => unknown) => work(),
    importActual: (request: unknown) => Promise.resolve(program.requireActual(String(request), caller())),
    importMock: (request: unknown) => Promise.resolve(program.requireActual(String(request), caller())),
    resetModules: () => {
      program.forget()
      modules.reset()
    },
  }
}

function callerOf(program: Program): string {
  const frames = (new Error().stack ?? '')
    .split('\n')
    .map((line) => /((?:\/|file:\/\/)[^():]+):\d+:\d+\)?$/.exec(line)?.[1])
  const own = frames.find(
    (path) => path !== undefined && program.isOwn(path) && relative(program.root, path) !== '',
  )
  return own ?? join(program.directory, 'package.json')
}
