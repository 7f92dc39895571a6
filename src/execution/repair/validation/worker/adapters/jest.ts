import { join, relative } from 'node:path'

import { readConfiguration } from '../jest/configuration.ts'
import type { JestConfiguration } from '../jest/configuration.ts'
import { loadExpect } from '../jest/expectation.ts'
import type { Expectation } from '../jest/expectation.ts'
import { jestObject } from '../jest/jest-object.ts'
import { loadMocker } from '../jest/mocker.ts'
import type { Mocker } from '../jest/mocker.ts'
import { ModuleMocks } from '../jest/module-mocks.ts'
import type { Intercept, Program } from '../program.ts'
import { exportOf, loadProjectPackage } from '../project-packages.ts'
import { specApi } from '../spec-api.ts'
import type { EachMaker } from '../spec-api.ts'
import { SpecTree } from '../spec-tree.ts'
import { withGlobals } from '../surroundings.ts'
import { loadFile } from '../test-run.ts'
import type { Adapter } from '../test-run.ts'

/** What is the same for all files of a package. */
interface Framework {
  readonly configuration: JestConfiguration
  readonly expectation: Expectation
  readonly mocker: Mocker
  readonly each: EachMaker | undefined
}

const frameworks = new Map<string, Framework>()

/** Jest, with the project's own `expect`, mocks, timers and snapshots. */
export const jest: Adapter = {
  async run(program, file, selection, observer, limits) {
    const framework = await frameworkOf(program)
    const { configuration, expectation, mocker } = framework
    const testPath = join(program.root, file)
    expectation.begin(testPath)
    const tree = new SpecTree({
      context: () => ({}),
      parameters: () => [],
      enter: (names) => {
        if (configuration.clearMocks) mocker.clearAllMocks()
        if (configuration.resetMocks) mocker.resetAllMocks()
        if (configuration.restoreMocks) mocker.restoreAllMocks()
        expectation.enter(names.join(' '))
      },
      leave: () => expectation.leave(),
    })
    const modules = new ModuleMocks(program, (actual) => mocker.standIn(actual), configuration.roots)
    const object = jestObject(program, mocker, modules)
    const api = { ...specApi(tree, framework.each), expect: expectation.expect, jest: object.api }
    program.reset(interceptor(configuration, modules, api, program))
    try {
      return await withGlobals({ ...configuration.globals, ...api }, async () => {
        for (const setup of [...configuration.setupFiles, ...configuration.setupFilesAfterEnv]) {
          program.requireActual(setup, join(program.directory, 'package.json'))
        }
        const failure = await loadFile(program, file)
        return failure === null
          ? { tests: await tree.run(selection, observer, limits) }
          : { tests: [], failure }
      })
    } finally {
      object.dispose()
    }
  },
}

async function frameworkOf(program: Program): Promise<Framework> {
  const { directory } = program
  let framework = frameworks.get(directory)
  if (framework === undefined) {
    program.reset(() => undefined)
    const configuration = await readConfiguration(program)
    const bind = exportOf(loadProjectPackage(directory, 'jest-each', runners), 'bind')
    framework = {
      configuration,
      expectation: loadExpect(directory, configuration.snapshotFormat),
      mocker: loadMocker(directory),
      ...(typeof bind === 'function' ? { each: bind as EachMaker } : { each: undefined }),
    }
    frameworks.set(directory, framework)
  }
  return framework
}

const runners = ['jest', '@jest/core', 'jest-cli', 'jest-config', 'jest-circus', 'jest-jasmine2']

function interceptor(
  configuration: JestConfiguration,
  modules: ModuleMocks,
  api: Readonly<Record<string, unknown>>,
  program: Program,
): Intercept {
  return (request, from) => {
    if (request === '@jest/globals') return { exports: api }
    const mocked = modules.intercept(request, from)
    if (mocked !== undefined) return mocked
    for (const [pattern, targets] of configuration.moduleNameMapper) {
      const match = pattern.exec(request)
      if (match === null) continue
      for (const target of targets) {
        const path = target.replaceAll(/\$(\d)/g, (_whole, group: string) => match[Number(group)] ?? '')
        if (relative(program.root, from) === path) continue
        try {
          return { exports: program.requireActual(path, join(program.directory, 'package.json')) }
        } catch (error) {
          if (target === targets.at(-1)) throw error
        }
      }
    }
    return undefined
  }
}
