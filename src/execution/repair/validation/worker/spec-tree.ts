import { inspect } from 'node:util'

import { StepsExhausted } from './gauge.ts'
import { settle } from './settling.ts'
import { failureOf, isThenable } from './test-run.ts'
import type { RunLimits, RunObserver, Selection, TestResult } from './test-run.ts'

export type Body = (this: unknown, ...parameters: never[]) => unknown
export type Mode = 'run' | 'skip' | 'only' | 'todo' | 'fails'

interface Spec {
  readonly kind: 'spec'
  readonly name: string
  readonly body: Body | undefined
  readonly mode: Mode
}

interface Suite {
  readonly kind: 'suite'
  readonly name: string
  readonly mode: Mode
  readonly parent: Suite | null
  readonly entries: (Suite | Spec)[]
  readonly hooks: Record<HookKind, Body[]>
}

export type HookKind = 'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll'

/** What differs between the frameworks whose tests are declared in nested suites. */
export interface SpecStyle {
  /** `this` of suites, hooks and tests. */
  context(): object
  /** What is passed to a test or hook; a `done` follows where the function takes one more parameter. */
  parameters(names: readonly string[]): readonly unknown[]
  /** Called before each test and its hooks. */
  enter?(names: readonly string[]): void
  /** Called after each test and its hooks; what it throws fails the test. */
  leave?(names: readonly string[]): unknown
}

/** Thrown by `this.skip()` and its like. */
export class SkipTest extends Error {}

interface Failure {
  readonly error: unknown
}

/** Collects nested suites while a test file loads, then runs those tests that are wanted. */
export class SpecTree {
  readonly #root: Suite = createSuite('', 'run', null)
  readonly #style: SpecStyle
  readonly #pending: PromiseLike<unknown>[] = []
  #current: Suite = this.#root

  constructor(style: SpecStyle) {
    this.#style = style
  }

  describe(name: string, body: Body | undefined, mode: Mode = 'run'): void {
    const suite = createSuite(name, body === undefined ? 'skip' : mode, this.#current)
    this.#current.entries.push(suite)
    const outer = this.#current
    this.#current = suite
    try {
      const result = body?.call(this.#style.context())
      if (isThenable(result)) this.#pending.push(result)
    } finally {
      this.#current = outer
    }
  }

  it(name: string, body: Body | undefined, mode: Mode = 'run'): void {
    this.#current.entries.push({ kind: 'spec', name, body, mode: body === undefined ? 'todo' : mode })
  }

  hook(kind: HookKind, body: Body): void {
    this.#current.hooks[kind].push(body)
  }

  async run(selection: Selection, observer: RunObserver, limits: RunLimits): Promise<readonly TestResult[]> {
    if (this.#pending.length > 0) await settle(Promise.all(this.#pending), limits.testMs, 'a suite')
    const run = new TreeRun(this.#style, selection, observer, limits, hasOnly(this.#root))
    await run.suite(this.#root, [], false)
    return run.results
  }
}

function createSuite(name: string, mode: Mode, parent: Suite | null): Suite {
  const hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] }
  return { kind: 'suite', name, mode, parent, entries: [], hooks }
}

function hasOnly(suite: Suite): boolean {
  return suite.entries.some((entry) => entry.mode === 'only' || (entry.kind === 'suite' && hasOnly(entry)))
}

class TreeRun {
  readonly results: TestResult[] = []
  readonly #style: SpecStyle
  readonly #selection: Selection
  readonly #observer: RunObserver
  readonly #limits: RunLimits
  /** Whether some test or suite is marked as the only one to run. */
  readonly #isRestricted: boolean

  constructor(
    style: SpecStyle,
    selection: Selection,
    observer: RunObserver,
    limits: RunLimits,
    isRestricted: boolean,
  ) {
    this.#style = style
    this.#selection = selection
    this.#observer = observer
    this.#limits = limits
    this.#isRestricted = isRestricted
  }

  async suite(suite: Suite, names: readonly string[], isOnly: boolean): Promise<void> {
    if (suite.mode === 'skip' || !this.#holdsWanted(suite, names, isOnly)) return
    const failure = await this.#hooks(suite.hooks.beforeAll, names)
    for (const entry of suite.entries) {
      const path = [...names, entry.name]
      const only = isOnly || entry.mode === 'only'
      if (entry.kind === 'suite') {
        if (failure === null) await this.suite(entry, path, only)
        else this.#failAll(entry, path, failure)
      } else if (this.#selection.wants(path)) {
        if (this.#isRestricted && !only) this.#record({ names: path, outcome: 'skipped' })
        else await this.#spec(suite, entry, path, failure)
      }
    }
    await this.#hooks(suite.hooks.afterAll, names)
  }

  #holdsWanted(suite: Suite, names: readonly string[], isOnly: boolean): boolean {
    return suite.entries.some((entry) => {
      if (entry.mode === 'skip') return false
      const path = [...names, entry.name]
      const only = isOnly || entry.mode === 'only'
      return entry.kind === 'suite'
        ? this.#holdsWanted(entry, path, only)
        : entry.mode !== 'todo' && (only || !this.#isRestricted) && this.#selection.wants(path)
    })
  }

  #failAll(suite: Suite, names: readonly string[], failure: Failure): void {
    for (const entry of suite.entries) {
      const path = [...names, entry.name]
      if (entry.kind === 'suite') this.#failAll(entry, path, failure)
      else if (this.#selection.wants(path)) {
        this.#record({ names: path, outcome: 'failed', ...failureOf(failure.error) })
      }
    }
  }

  async #spec(suite: Suite, spec: Spec, names: readonly string[], earlier: Failure | null): Promise<void> {
    if (spec.mode === 'skip' || spec.mode === 'todo') {
      this.#record({ names, outcome: spec.mode === 'todo' ? 'todo' : 'skipped' })
      return
    }
    this.#observer.started(names)
    this.#style.enter?.(names)
    let failure = earlier ?? (await this.#hooks(inherited(suite, 'beforeEach'), names))
    if (failure === null && spec.body !== undefined) failure = await this.#attempt(spec.body, names)
    const after = await this.#hooks(inherited(suite, 'afterEach'), names)
    const last = await this.#attempt(() => this.#style.leave?.(names), names)
    failure ??= after ?? last
    this.#record(resultOf(spec, names, failure))
  }

  #record(result: TestResult): void {
    this.results.push(result)
    this.#observer.ended(result.names)
  }

  async #hooks(hooks: readonly Body[], names: readonly string[]): Promise<Failure | null> {
    for (const hook of hooks) {
      const failure = await this.#attempt(hook, names)
      if (failure !== null) return failure
    }
    return null
  }

  async #attempt(body: Body, names: readonly string[]): Promise<Failure | null> {
    try {
      const result = call(body, this.#style, names)
      if (isThenable(result)) await settle(result, this.#limits.testMs, names.at(-1) ?? 'a hook')
      return null
    } catch (error) {
      if (error instanceof StepsExhausted) throw error
      return { error }
    }
  }
}

function resultOf(spec: Spec, names: readonly string[], failure: Failure | null): TestResult {
  if (failure?.error instanceof SkipTest) return { names, outcome: 'skipped' }
  if (spec.mode === 'fails') {
    return failure === null
      ? { names, outcome: 'failed', message: 'expected to fail' }
      : { names, outcome: 'passed' }
  }
  return failure === null
    ? { names, outcome: 'passed' }
    : { names, outcome: 'failed', ...failureOf(failure.error) }
}

/** Hooks of all suites around a test: outer ones first before it, inner ones first after it. */
function inherited(suite: Suite, kind: 'beforeEach' | 'afterEach'): readonly Body[] {
  const chain: Body[][] = []
  for (let at: Suite | null = suite; at !== null; at = at.parent) chain.push(at.hooks[kind])
  return (kind === 'beforeEach' ? chain.reverse() : chain).flat()
}

function call(body: Body, style: SpecStyle, names: readonly string[]): unknown {
  const parameters = style.parameters(names)
  const invoke = body as (this: unknown, ...values: unknown[]) => unknown
  if (body.length <= parameters.length) return invoke.apply(style.context(), [...parameters])
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error === undefined || error === null) resolve(undefined)
      else reject(error instanceof Error ? error : new Error(inspect(error)))
    }
    const returned = invoke.apply(style.context(), [...parameters, Object.assign(done, { fail: reject })])
    if (isThenable(returned)) returned.then(undefined, reject)
  })
}
