import { basename, dirname, join } from 'node:path'

import { exportOf, loadProjectPackage } from '../project-packages.ts'

type Expect = ((actual: unknown) => unknown) & {
  extend(matchers: object): void
  getState(): object
  setState(state: object): void
  extractExpectedAssertionsErrors?(): readonly { readonly error: unknown }[]
}

/** The project's own `expect`, with its snapshots. */
export interface Expectation {
  readonly expect: unknown
  /** Called before a test file. */
  begin(testPath: string): void
  /** Called before and after each test. `leave` throws when not as many assertions were made as announced. */
  enter(name: string): void
  leave(): void
}

const owners = ['jest', '@jest/core', 'jest-cli', 'jest-config', 'jest-circus', 'jest-jasmine2']

export function loadExpect(directory: string, snapshotFormat: unknown): Expectation {
  const loaded = loadProjectPackage(directory, 'expect', owners)
  const expect = (exportOf(loaded, 'expect') ?? exportOf(loaded, 'default') ?? loaded) as Expect
  if (typeof expect !== 'function') throw new Error('the project has no expect')
  const snapshots = loadProjectPackage(directory, 'jest-snapshot', owners)
  const matchers = ['toMatchSnapshot', 'toMatchInlineSnapshot'].concat(
    'toThrowErrorMatchingSnapshot',
    'toThrowErrorMatchingInlineSnapshot',
  )
  const found = matchers.map((name) => [name, exportOf(snapshots, name)] as const)
  expect.extend(Object.fromEntries(found.filter(([, matcher]) => typeof matcher === 'function')))
  const SnapshotState = exportOf(snapshots, 'SnapshotState')
  return {
    expect,
    begin(testPath) {
      const snapshotState =
        typeof SnapshotState === 'function'
          ? openSnapshots(SnapshotState, testPath, directory, snapshotFormat)
          : undefined
      expect.setState({ testPath, ...(snapshotState === undefined ? {} : { snapshotState }) })
    },
    enter(name) {
      expect.setState({
        assertionCalls: 0,
        expectedAssertionsNumber: null,
        isExpectingAssertions: false,
        suppressedErrors: [],
        currentTestName: name,
      })
    },
    leave() {
      const { suppressedErrors } = expect.getState() as { readonly suppressedErrors?: readonly unknown[] }
      const [missing] = expect.extractExpectedAssertionsErrors?.() ?? []
      const [first] = suppressedErrors ?? []
      if (first !== undefined) throw first as Error
      if (missing !== undefined) throw missing.error as Error
    },
  }
}

/** Opens recorded snapshots for comparison only; versions differ in what they are given. */
function openSnapshots(
  constructor: object,
  testPath: string,
  rootDir: string,
  snapshotFormat: unknown,
): unknown {
  const path = join(dirname(testPath), '__snapshots__', `${basename(testPath)}.snap`)
  const options = { updateSnapshot: 'none', expand: false, prettierPath: null, rootDir, snapshotFormat }
  try {
    return Reflect.construct(constructor as new () => unknown, [path, options])
  } catch {
    return undefined
  }
}
