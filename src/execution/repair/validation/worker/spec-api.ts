import { format } from 'node:util'

import type { Body, HookKind, Mode, SpecTree } from './spec-tree.ts'

type Declare = (title: unknown, first?: unknown, second?: unknown) => void
type Each = (...table: readonly unknown[]) => (title: unknown, body: Body, timeout?: unknown) => void
/** Makes `each` for a way of declaring; the framework's own where the project has it. */
export type EachMaker = (declare: Declare) => Each

/** `describe`, `it` and the hooks as Jest, Vitest and Jasmine spell them. */
export function specApi(tree: SpecTree, makeEach: EachMaker = plainEach): Record<string, unknown> {
  const describe = withModes(
    (mode) => (title, first, second) => {
      tree.describe(titleOf(title), bodyOf(first, second), mode)
    },
    makeEach,
  )
  const it = withModes(
    (mode) => (title, first, second) => {
      tree.it(titleOf(title), bodyOf(first, second), mode)
    },
    makeEach,
  )
  const hook = (kind: HookKind) => (body: unknown) => {
    if (typeof body === 'function') tree.hook(kind, body as Body)
  }
  return {
    describe,
    suite: describe,
    fdescribe: describe.only,
    xdescribe: describe.skip,
    it,
    test: it,
    fit: it.only,
    xit: it.skip,
    xtest: it.skip,
    beforeAll: hook('beforeAll'),
    afterAll: hook('afterAll'),
    beforeEach: hook('beforeEach'),
    afterEach: hook('afterEach'),
  }
}

type DeclareWithModes = Declare & Readonly<Record<'skip' | 'only', Declare>>

function withModes(make: (mode: Mode) => Declare, makeEach: EachMaker): DeclareWithModes {
  const variant = (mode: Mode): Declare =>
    Object.assign(make(mode), { each: makeEach(make(mode)), for: makeEach(make(mode)) })
  const run = variant('run')
  const skip = variant('skip')
  const only = variant('only')
  const conditional = (runWhen: boolean) => (condition: unknown) =>
    Boolean(condition) === runWhen ? run : skip
  return Object.assign(run, {
    skip,
    only,
    todo: make('todo'),
    failing: variant('fails'),
    fails: variant('fails'),
    concurrent: run,
    sequential: run,
    runIf: conditional(true),
    skipIf: conditional(false),
  })
}

function titleOf(title: unknown): string {
  return typeof title === 'function' ? title.name : String(title)
}

/** Vitest takes options before or after the body. */
function bodyOf(first: unknown, second: unknown): Body | undefined {
  if (typeof first === 'function') return first as Body
  return typeof second === 'function' ? (second as Body) : undefined
}

/** A table of rows as an array; titles are formatted like `printf` and by `$name`. */
const plainEach: EachMaker =
  (declare) =>
  (...table) =>
  (title, body) => {
    for (const [index, row] of rowsOf(table).entries()) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row]
      const invoke = body as (this: unknown, ...parameters: unknown[]) => unknown
      declare(titleOfRow(String(title), values, index), function (this: unknown) {
        return invoke.apply(this, [...values])
      })
    }
  }

function rowsOf(table: readonly unknown[]): readonly unknown[] {
  const [first, ...values] = table
  if (Array.isArray(first) && !('raw' in first)) return first
  if (!Array.isArray(first)) return []
  const names = String(first[0])
    .split('|')
    .map((name) => name.trim())
  const rows: unknown[] = []
  for (let at = 0; at < values.length; at += names.length) {
    rows.push(Object.fromEntries(names.map((name, index) => [name, values[at + index]])))
  }
  return rows
}

function titleOfRow(title: string, values: readonly unknown[], index: number): string {
  const [first] = values
  const named = title.replaceAll('%#', String(index)).replaceAll(/\$([\w$.]+)/g, (whole, path: string) => {
    let value: unknown = first
    for (const key of path.split('.')) {
      if (typeof value !== 'object' || value === null || !(key in value)) return whole
      value = Reflect.get(value, key)
    }
    return String(value)
  })
  const places = named.match(/%[sdifjoOp]/g)?.length ?? 0
  return format(named.replaceAll('%p', '%o'), ...values.slice(0, places))
}
