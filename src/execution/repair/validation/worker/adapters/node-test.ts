import assert from 'node:assert'
import { createRequire } from 'node:module'
import { inspect } from 'node:util'

import type { Intercept, Program } from '../program.ts'
import { settle } from '../settling.ts'
import { SkipTest } from '../spec-tree.ts'
import { failureOf, isThenable, loadFile } from '../test-run.ts'
import type { Adapter, RunLimits, RunObserver, Selection, TestResult } from '../test-run.ts'

type Body = (this: unknown, ...parameters: unknown[]) => unknown
type HookKind = 'before' | 'beforeEach' | 'afterEach' | 'after'

interface Options {
  readonly skip?: unknown
  readonly todo?: unknown
  readonly only?: unknown
  readonly plan?: number
}

const { mock: nodeMock, MockTracker } = createRequire(import.meta.url)('node:test') as {
  readonly mock: { readonly constructor: unknown } & Mocks
  readonly MockTracker?: new () => Mocks
}

interface Mocks {
  restoreAll(): void
  reset(): void
}

/** Node's own test runner: suites and tests that may declare others while they run. */
export const nodeTest: Adapter = {
  async run(program: Program, file, selection, observer, limits) {
    const results: TestResult[] = []
    const root = new NodeTest('', null, { selection, observer, limits, results })
    const api = moduleApi(root)
    program.reset(interceptor(api))
    const failure = await loadFile(program, file)
    try {
      if (failure === null) await root.finish()
    } finally {
      nodeMock.restoreAll()
    }
    return failure === null ? { tests: results } : { tests: results, failure }
  },
}

function interceptor(api: unknown): Intercept {
  return (request) => (request === 'node:test' || request === 'test' ? { exports: api } : undefined)
}

interface Session {
  readonly selection: Selection
  readonly observer: RunObserver
  readonly limits: RunLimits
  readonly results: TestResult[]
}

/** The test or suite whose body is running declares those inside it. */
let current: NodeTest | null = null

class NodeTest {
  readonly name: string
  readonly names: readonly string[]
  readonly parent: NodeTest | null
  readonly hooks: Record<HookKind, Body[]> = { before: [], beforeEach: [], afterEach: [], after: [] }
  readonly mock: Mocks = MockTracker === undefined ? nodeMock : new MockTracker()
  readonly #session: Session
  readonly #children: (() => Promise<void>)[] = []
  #chain: Promise<void> = Promise.resolve()
  #isSuite = false
  #started = false
  #failure: { readonly message: string; readonly stack?: string } | null = null
  #planned: number | undefined
  #asserted = 0
  #outcome: 'skipped' | 'todo' | undefined

  constructor(name: string, parent: NodeTest | null, session: Session) {
    this.name = name
    this.parent = parent
    this.#session = session
    this.names = parent === null ? [] : [...parent.names, name]
  }

  suite(name: string, options: Options, body: Body | undefined): Promise<void> {
    const child = this.#child(name)
    child.#isSuite = true
    if (body === undefined || isSet(options.skip)) return Promise.resolve()
    return this.#declare(async () => {
      const outer = current
      current = child
      try {
        const result = body.call(child.context(), child.context())
        if (isThenable(result)) await settle(result, this.#session.limits.testMs, name)
      } finally {
        current = outer
      }
      await child.finish()
    })
  }

  test(name: string, options: Options, body: Body | undefined): Promise<void> {
    const child = this.#child(name)
    const { selection, results } = this.#session
    if (!selection.includes(child.names)) return Promise.resolve()
    if (body === undefined || isSet(options.skip)) {
      if (selection.wants(child.names)) results.push({ names: child.names, outcome: 'skipped' })
      return Promise.resolve()
    }
    child.#planned = options.plan
    if (isSet(options.todo)) child.#outcome = 'todo'
    return this.#declare(() => this.#run(child, body))
  }

  /** Runs all that was declared and the hooks around it. */
  async finish(): Promise<void> {
    await this.#start()
    for (let run = this.#children.shift(); run !== undefined; run = this.#children.shift()) await run()
    await this.#chain
    await this.#callAll(this.hooks.after)
  }

  context(): object {
    return contextOf(this)
  }

  plan(count: number): void {
    this.#planned = count
  }

  counted(): void {
    this.#asserted += 1
  }

  excuse(outcome: 'skipped' | 'todo'): void {
    this.#outcome = outcome
  }

  #child(name: string): NodeTest {
    return new NodeTest(name, this, this.#session)
  }

  /** Suites collect what they declare; a running test runs it one after the other. */
  #declare(run: () => Promise<void>): Promise<void> {
    if (this.#isSuite || this.parent === null) {
      return new Promise((resolve, reject) => {
        this.#children.push(() => run().then(resolve, reject))
      })
    }
    this.#chain = this.#chain.then(run)
    return this.#chain
  }

  async #start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    await this.#callAll(this.hooks.before)
  }

  async #run(child: NodeTest, body: Body): Promise<void> {
    const { selection, observer, limits, results } = this.#session
    const isWanted = selection.wants(child.names)
    if (isWanted) observer.started(child.names)
    const outer = current
    try {
      for (const hook of this.#inherited('beforeEach')) await this.#call(hook, child)
      current = child
      const result = child.#invoke(body)
      if (isThenable(result)) await settle(result, limits.testMs, child.name)
      await child.#chain
      if (child.#planned !== undefined && child.#planned !== child.#asserted) {
        throw new Error(`plan expected ${child.#planned} assertions but received ${child.#asserted}`)
      }
    } catch (error) {
      if (!(error instanceof SkipTest)) child.#failure ??= failureOf(error)
    } finally {
      current = outer
    }
    for (const hook of [...child.hooks.afterEach, ...child.hooks.after, ...this.#inherited('afterEach')]) {
      await this.#call(hook, child).catch((error: unknown) => (child.#failure ??= failureOf(error)))
    }
    child.mock.restoreAll()
    if (!isWanted) return
    observer.ended(child.names)
    const outcome = child.#outcome ?? (child.#failure === null ? 'passed' : 'failed')
    results.push({ names: child.names, outcome, ...(outcome === 'failed' ? child.#failure : null) })
    if (outcome === 'failed') this.#failure ??= { message: `failed: ${child.name}` }
  }

  #invoke(body: Body): unknown {
    const context = this.context()
    if (body.length < 2) return body.call(context, context)
    return new Promise((resolve, reject) => {
      body.call(context, context, (error?: unknown) => {
        if (error === undefined || error === null) resolve(undefined)
        else reject(error instanceof Error ? error : new Error(inspect(error)))
      })
    })
  }

  #inherited(kind: 'beforeEach' | 'afterEach'): readonly Body[] {
    const outer = this.parent === null ? [] : this.parent.#inherited(kind)
    return kind === 'beforeEach' ? [...outer, ...this.hooks[kind]] : [...this.hooks[kind], ...outer]
  }

  async #callAll(hooks: readonly Body[]): Promise<void> {
    for (const hook of hooks) await this.#call(hook, this)
  }

  async #call(hook: Body, test: NodeTest): Promise<void> {
    const result = test.#invoke(hook)
    if (isThenable(result)) await settle(result, this.#session.limits.testMs, 'a hook')
  }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== null

/** What tests get as `t`. */
function contextOf(test: NodeTest): object {
  const declare = (...parameters: readonly unknown[]): Promise<void> => {
    const { name, options, body } = sorted(parameters)
    return test.test(name, options, body)
  }
  const add = (kind: HookKind) => (body: Body) => void test.hooks[kind].push(body)
  return {
    name: test.name,
    fullName: test.names.join(' > '),
    signal: new AbortController().signal,
    mock: test.mock,
    test: Object.assign(declare, { skip: () => Promise.resolve(), todo: () => Promise.resolve() }),
    before: add('before'),
    beforeEach: add('beforeEach'),
    afterEach: add('afterEach'),
    after: add('after'),
    assert: countedAssertions(test),
    diagnostic: () => undefined,
    plan: (count: number) => test.plan(count),
    runOnly: () => undefined,
    skip: () => test.excuse('skipped'),
    todo: () => test.excuse('todo'),
    waitFor: async (work: () => unknown, { interval = 50, timeout = 1000 } = {}) => {
      const deadline = performance.now() + timeout
      for (;;) {
        try {
          return await work()
        } catch (error) {
          if (performance.now() > deadline) throw error
          await new Promise((resolve) => setTimeout(resolve, interval))
        }
      }
    },
  }
}

/** `t.assert`: the functions of `node:assert`, counted for the plan. */
function countedAssertions(test: NodeTest): object {
  const entries = Object.entries(assert).filter(([, value]) => typeof value === 'function')
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      (...parameters: readonly unknown[]) => {
        test.counted()
        const check = value as Body
        return check.apply(assert, [...parameters])
      },
    ]),
  )
}

function moduleApi(root: NodeTest): unknown {
  const target = (): NodeTest => current ?? root
  const test =
    (extra: Options) =>
    (...parameters: readonly unknown[]) => {
      const { name, options, body } = sorted(parameters)
      return target().test(name, { ...options, ...extra }, body)
    }
  const suite =
    (extra: Options) =>
    (...parameters: readonly unknown[]) => {
      const { name, options, body } = sorted(parameters)
      return target().suite(name, { ...options, ...extra }, body)
    }
  const hook = (kind: HookKind) => (body: Body) => void target().hooks[kind].push(body)
  const it = Object.assign(test({}), {
    skip: test({ skip: true }),
    todo: test({ todo: true }),
    only: test({}),
  })
  const describe = Object.assign(suite({}), { skip: suite({ skip: true }), todo: suite({}), only: suite({}) })
  return Object.assign(test({}), it, {
    test: it,
    it,
    describe,
    suite: describe,
    default: it,
    before: hook('before'),
    beforeEach: hook('beforeEach'),
    afterEach: hook('afterEach'),
    after: hook('after'),
    mock: nodeMock,
    assert: { register: () => undefined },
    snapshot: { setDefaultSnapshotSerializers: () => undefined, setResolveSnapshotPath: () => undefined },
  })
}

/** Sorts name, options and body, each of which may be left out. */
function sorted(parameters: readonly unknown[]): {
  readonly name: string
  readonly options: Options
  readonly body: Body | undefined
} {
  const body = parameters.find((parameter) => typeof parameter === 'function') as Body | undefined
  const name = parameters.find((parameter) => typeof parameter === 'string')
  const options = parameters.find((parameter) => typeof parameter === 'object' && parameter !== null)
  const title = name ?? (body?.name === '' ? undefined : body?.name) ?? '<anonymous>'
  return { name: title, options: options ?? {}, body }
}
