import type { TestPath } from '../protocol.ts'
import { selectionOf } from './test-run.ts'
import type { Selection, TestResult } from './test-run.ts'

/** Tests of one file that are run together. */
export interface Group {
  readonly file: string
  readonly selection: Selection
  /** Index in the list that the host gave, by the titles joined. */
  readonly indices: ReadonlyMap<string, number>
  /** Tests that did not pass on the unchanged program. */
  readonly unstable: Set<string>
  /** Milliseconds of a run on the unchanged program, once measured. */
  cost: number
}

export const keyOf = ({ names, occurrence }: Pick<TestPath, 'names' | 'occurrence'>): string =>
  [...names, occurrence].join('\u0000')

/** One group for each file. */
export function groupsByFile(paths: readonly TestPath[]): Group[] {
  return groupsOf(paths, ({ file }) => file)
}

/** As by file, but tests that hold others of the list stand apart: running them means running all that they hold. */
export function groupsByNesting(paths: readonly TestPath[]): Group[] {
  const isOuter = (path: TestPath): boolean => paths.some((other) => isWithin(other, path))
  return groupsOf(paths, (path) => (isOuter(path) ? JSON.stringify(path) : path.file))
}

function groupsOf(paths: readonly TestPath[], keyOfGroup: (path: TestPath) => string): Group[] {
  const groups = new Map<string, (TestPath & { readonly index: number })[]>()
  for (const [index, path] of paths.entries()) {
    const key = keyOfGroup(path)
    const group = groups.get(key) ?? []
    group.push({ ...path, index })
    groups.set(key, group)
  }
  return [...groups.values()].map((tests) => ({
    file: tests[0]?.file ?? '',
    selection: selectionOf(tests.map(({ names }) => names)),
    indices: new Map(tests.map((test) => [keyOf(test), test.index])),
    unstable: new Set(),
    cost: 0,
  }))
}

function isWithin(inner: TestPath, outer: TestPath): boolean {
  return (
    inner.file === outer.file &&
    inner.names.length > outer.names.length &&
    outer.names.every((name, index) => name === inner.names[index])
  )
}

/** Tests with equal titles are told apart by their order. */
export function numbered(
  tests: readonly TestResult[],
): readonly (TestResult & { readonly occurrence: number })[] {
  const seen = new Map<string, number>()
  return tests.map((test) => {
    const key = test.names.join('\u0000')
    const occurrence = (seen.get(key) ?? 0) + 1
    seen.set(key, occurrence)
    return { ...test, occurrence }
  })
}

export function withoutUnstable(group: Group): Group {
  return { ...group, indices: new Map([...group.indices].filter(([key]) => !group.unstable.has(key))) }
}
