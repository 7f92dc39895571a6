import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Program } from '../program.ts'
import { exportOf, loadProjectPackage } from '../project-packages.ts'
import type { Adapter, FileResult, RunLimits, RunObserver, Selection, TestResult } from '../test-run.ts'
import { failureOf, loadFile } from '../test-run.ts'
import { withGlobals } from '../surroundings.ts'
import { settle } from '../settling.ts'

interface SpecInfo {
  readonly id: string
  readonly description: string
  readonly status: string
  readonly failedExpectations: readonly { readonly message?: string; readonly stack?: string }[]
}

interface SuiteInfo {
  readonly description: string
}

/** Suites have children, specs have none. */
interface JasmineNode {
  readonly id: string
  readonly description: string
  readonly children?: readonly JasmineNode[]
}

interface Environment {
  configure(configuration: object): void
  addReporter(reporter: object): void
  execute(runnables?: readonly string[] | null, done?: () => void): unknown
  topSuite(): JasmineNode
}

interface Configuration {
  readonly helpers: readonly string[]
}

/** Jasmine itself, from the project: a fresh environment for every run. */
export const jasmine: Adapter = {
  async run(program, file, selection, observer, limits) {
    const core = loadProjectPackage(program.directory, 'jasmine-core', ['jasmine'])
    const make = core === undefined ? undefined : exportOf(core, 'core')
    if (typeof make !== 'function') throw new Error('the project has no jasmine-core')
    // What its own `boot` does in every version; newer ones then keep one environment, in which specs would pile up.
    const booted = Reflect.apply(make, core, [core]) as {
      getEnv(options?: object): Environment & Readonly<Record<string, unknown>>
    }
    const environment = booted.getEnv({ suppressLoadErrors: true })
    environment.configure({ random: false })
    const api = Object.fromEntries(
      globalNames.map((name) => [name, bound(environment, name)]).filter(([, value]) => value !== undefined),
    ) as Record<string, unknown>
    program.reset(() => undefined)
    return withGlobals({ ...api, jasmine: booted }, async () => {
      for (const helper of readConfiguration(program).helpers) {
        program.requireActual(helper, join(program.directory, 'package.json'))
      }
      const failure = await loadFile(program, file)
      return failure === null ? execute(environment, selection, observer, limits) : { tests: [], failure }
    })
  },
}

const globalNames = [
  'describe',
  'xdescribe',
  'fdescribe',
  'it',
  'xit',
  'fit',
  'beforeEach',
  'afterEach',
  'beforeAll',
  'afterAll',
  'setSpecProperty',
  'setSuiteProperty',
  'expect',
  'expectAsync',
  'pending',
  'fail',
  'spyOn',
  'spyOnProperty',
  'spyOnAllFunctions',
]

function bound(environment: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = environment[name]
  return typeof value === 'function' ? (value.bind(environment) as unknown) : undefined
}

async function execute(
  environment: Environment,
  selection: Selection,
  observer: RunObserver,
  limits: RunLimits,
): Promise<FileResult> {
  const tests: TestResult[] = []
  const suites: string[] = []
  environment.addReporter({
    suiteStarted: ({ description }: SuiteInfo) => void suites.push(description),
    suiteDone: () => void suites.pop(),
    specStarted: ({ description }: SpecInfo) => observer.started([...suites, description]),
    specDone: ({ description, status, failedExpectations: [first] }: SpecInfo) => {
      const names = [...suites, description]
      observer.ended(names)
      if (status === 'excluded') return
      const outcome = status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped'
      const { message, stack } = failureOf(first ?? {})
      tests.push({
        names,
        outcome,
        ...(outcome === 'failed' ? { message, ...(stack === undefined ? {} : { stack }) } : {}),
      })
    },
  })
  const wanted = wantedIds(environment.topSuite(), [], selection)
  if (wanted.length === 0) return { tests }
  const over = new Promise<void>((resolve, reject) => {
    // Versions tell the end by the reporter, by a callback, or by a promise.
    environment.addReporter({ jasmineDone: () => resolve() })
    const result = environment.execute(wanted, resolve)
    if (result instanceof Promise) result.then(() => resolve(), reject)
  })
  await settle(over, limits.testMs * 2, 'the file').catch(() => undefined)
  return { tests }
}

/** Ids of the specs to run, in the order in which they were declared. */
function wantedIds(suite: JasmineNode, outer: readonly string[], selection: Selection): readonly string[] {
  return (suite.children ?? []).flatMap((child) => {
    const names = [...outer, child.description]
    if (child.children !== undefined) return wantedIds(child, names, selection)
    return selection.wants(names) ? [child.id] : []
  })
}

function readConfiguration({ directory }: Program): Configuration {
  const path = ['spec/support/jasmine.json', 'jasmine.json']
    .map((name) => join(directory, name))
    .find((name) => existsSync(name))
  if (path === undefined) return { helpers: [] }
  const parsed = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly spec_dir?: string
    readonly helpers?: readonly string[]
  }
  const folder = parsed.spec_dir ?? 'spec'
  const helpers = (parsed.helpers ?? []).filter((helper) => !/[*?[{!]/.test(helper))
  return { helpers: helpers.map((helper) => join(directory, folder, helper)) }
}
