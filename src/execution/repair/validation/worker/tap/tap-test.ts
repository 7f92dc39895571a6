import { StepsExhausted } from '../gauge.ts'
import { settle } from '../settling.ts'
import { failureOf, isThenable } from '../test-run.ts'
import type { RunLimits, RunObserver, Selection, TestResult } from '../test-run.ts'
import { TapAssertions } from './assertions.ts'
import type { TapComparison } from './comparison.ts'
import type { SnapshotFile } from './snapshot-file.ts'

type TestBody = (this: TapTest, t: TapTest, done?: () => void) => unknown
type Hook = (this: TapTest, t: TapTest) => unknown

/** What all tests of one file share. */
export interface TapSession {
  readonly comparison: TapComparison
  readonly selection: Selection
  readonly observer: RunObserver
  readonly limits: RunLimits
  readonly results: TestResult[]
  readonly snapshots: SnapshotFile
  readonly mock: (request: string, mocks: Readonly<Record<string, unknown>>, from: string) => unknown
  readonly makeDirectory: (content: unknown) => string
}

interface Waiting {
  readonly child: TapTest
  readonly body: TestBody
  readonly resolve: () => void
}

interface TestOptions {
  readonly skip?: unknown
  readonly todo?: unknown
  readonly autoend?: boolean
}

/** tap's `t`: assertions, nested tests that run one after the other, plans, hooks. */
export class TapTest extends TapAssertions {
  readonly name: string
  readonly names: readonly string[]
  readonly parent: TapTest | null
  readonly context: Record<string, unknown> = {}
  readonly #session: TapSession
  readonly #beforeEach: Hook[] = []
  readonly #afterEach: Hook[] = []
  readonly #teardown: (() => unknown)[] = []
  readonly #queue: Waiting[] = []
  readonly #drained: (() => void)[] = []
  readonly #finished: Promise<void>
  #finish: () => void = () => undefined
  #failure: { readonly message: string; readonly stack?: string } | null = null
  #occupied: TapTest | null = null
  #count = 0
  #planned = -1
  #isEnding = false
  #isOver = false
  cleanSnapshot: (text: string) => string
  formatSnapshot: ((value: unknown) => unknown) | undefined
  snapshotFile = ''
  jobs = 1

  constructor(session: TapSession, name: string, parent: TapTest | null) {
    super(session.comparison)
    this.#session = session
    this.name = name
    this.parent = parent
    this.names = parent === null ? [] : [...parent.names, name]
    this.cleanSnapshot = parent?.cleanSnapshot ?? ((text) => text)
    this.formatSnapshot = parent?.formatSnapshot
    if (parent !== null) Object.assign(this.context, parent.context)
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    // Test files take these apart: `const { test, equal } = t`.
    for (const method of boundMethods) {
      const bound: unknown = Reflect.get(this, method)
      if (typeof bound === 'function') Reflect.set(this, method, bound.bind(this))
    }
  }

  /** Whether all that was started has ended. */
  get isIdle(): boolean {
    return this.#occupied === null && this.#queue.length === 0
  }

  get failure(): { readonly message: string; readonly stack?: string } | null {
    return this.#failure
  }

  get count(): number {
    return this.#count
  }

  /** Waits until no nested test is running or waiting, and the plan, if any, is kept. */
  async drained(): Promise<void> {
    while (!this.isIdle) await new Promise<void>((resolve) => this.#drained.push(resolve))
    if (this.#planned > this.#count && !this.#isEnding)
      await settle(this.#finished, this.#session.limits.testMs, 'the plan')
  }

  test(...parameters: readonly unknown[]): Promise<void> {
    const name = parameters.find((parameter) => typeof parameter === 'string')
    const options = parameters.find((parameter) => typeof parameter === 'object' && parameter !== null)
    const body = parameters.find((parameter) => typeof parameter === 'function')
    const { skip, todo, autoend } = (options ?? {}) as TestOptions
    const title = name ?? (body?.name === '' ? undefined : body?.name) ?? '(unnamed test)'
    const child = new TapTest(this.#session, title, this)
    if (autoend === true) child.#isEnding = true
    if (isSet(skip) || isSet(todo) || body === undefined) {
      this.#record(child, isSet(skip) ? 'skipped' : 'todo')
      this.#counted()
      return Promise.resolve()
    }
    if (!this.#session.selection.includes(child.names)) {
      this.#counted()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#queue.push({ child, body: body as TestBody, resolve })
      this.#next()
    })
  }

  skip(...parameters: readonly unknown[]): Promise<void> {
    return this.test(...parameters.filter((parameter) => typeof parameter === 'string'), { skip: true })
  }

  todo(...parameters: readonly unknown[]): Promise<void> {
    return this.test(...parameters.filter((parameter) => typeof parameter === 'string'), { todo: true })
  }

  plan(count: number): void {
    this.#planned = count
    this.#endIfPlanned()
  }

  end(): void {
    this.#isEnding = true
    this.#endIfIdle()
  }

  /** Ends the test once its nested tests have ended. */
  autoend(value?: boolean): void {
    if (value === false) return
    this.#isEnding = true
    setImmediate(() => {
      this.#endIfIdle()
    })
  }

  threw(error: unknown): void {
    this.#failure ??= failureOf(error)
    this.#isEnding = true
    this.#endIfIdle()
  }

  bailout(reason?: unknown): void {
    this.threw(new Error(`bail out: ${String(reason)}`))
  }

  beforeEach(hook: Hook): void {
    this.#beforeEach.push(hook)
  }

  afterEach(hook: Hook): void {
    this.#afterEach.push(hook)
  }

  teardown(callback: () => unknown): void {
    this.#teardown.push(callback)
  }

  before(callback: () => unknown): unknown {
    return callback.call(this)
  }

  comment(): void {
    // Text for people only.
  }

  setTimeout(): void {
    // The studio's own limits hold.
  }

  pragma(): void {
    // Only changes how output is read.
  }

  mock(request: string, mocks: Readonly<Record<string, unknown>> = {}): unknown {
    return this.#session.mock(request, mocks, callerOf(new Error()))
  }

  testdir(content?: unknown): string {
    return this.#session.makeDirectory(content)
  }

  emits(emitter: NodeJS.EventEmitter, event: string, message?: unknown): Promise<void> {
    return new Promise((resolve) => {
      emitter.once(event, () => {
        this.report(true, `expect ${event} event to be emitted`, message, undefined)
        resolve()
      })
    })
  }

  matchSnapshot(found: unknown, message?: unknown, extra?: unknown): boolean {
    const { comparison, snapshots } = this.#session
    const title = typeof message === 'string' ? message : 'must match snapshot'
    const formatted = typeof found === 'string' ? found : (this.formatSnapshot ?? comparison.format)(found)
    const text = this.cleanSnapshot(typeof formatted === 'string' ? formatted : comparison.format(formatted))
    const wanted = snapshots.read(`${this.names.join(' ')} > ${title}`)
    return this.report(text === wanted, title, title, extra)
  }

  async resolveMatchSnapshot(subject: unknown, message?: unknown, extra?: unknown): Promise<boolean> {
    const promise: unknown = typeof subject === 'function' ? Reflect.apply(subject, undefined, []) : subject
    return this.matchSnapshot(await promise, message, extra)
  }

  protected override report(
    isOk: boolean,
    fallback: string,
    message: unknown,
    extra: unknown,
    error?: unknown,
  ): boolean {
    const options = (typeof message === 'object' && message !== null ? message : (extra ?? {})) as {
      readonly skip?: unknown
      readonly todo?: unknown
      readonly expectFail?: unknown
    }
    const passed = isSet(options.expectFail) ? !isOk : isOk
    const excused = isSet(options.skip) || isSet(options.todo)
    if (this.#isOver && !passed) this.parent?.threw(new Error('test after end() was called'))
    if (!passed && !excused && this.#failure === null) {
      const title = typeof message === 'string' && message !== '' ? message : fallback
      this.#failure = { ...failureOf(error ?? new Error(title)), message: title }
    }
    this.#counted()
    return passed || excused
  }

  /** Runs what was left for the end of the file. */
  async cleanUp(): Promise<void> {
    await this.#cleanUp(this)
  }

  #counted(): void {
    this.#count += 1
    this.#endIfPlanned()
  }

  #endIfPlanned(): void {
    if (this.#planned < 0 || this.#count < this.#planned) return
    if (this.#count > this.#planned) this.#failure ??= { message: 'test count exceeds plan' }
    this.end()
  }

  #endIfIdle(): void {
    if (!this.#isEnding || !this.isIdle) return
    this.#isOver = true
    this.#finish()
  }

  #next(): void {
    if (this.#occupied !== null) return
    const waiting = this.#queue.shift()
    if (waiting === undefined) {
      this.#endIfIdle()
      for (const resolve of this.#drained.splice(0)) resolve()
      return
    }
    this.#occupied = waiting.child
    void this.#run(waiting)
  }

  /** Runs synchronously as far as the test does, as tap does: what follows in the file may rely on it. */
  async #run({ child, body, resolve }: Waiting): Promise<void> {
    const { limits, observer, selection } = this.#session
    const isWanted = selection.wants(child.names)
    if (isWanted) observer.started(child.names)
    try {
      for (const hook of this.#hooks('before')) await this.#hook(hook, child)
      const result = body.length > 1 ? body.call(child, child, () => child.end()) : body.call(child, child)
      if (isThenable(result)) {
        await settle(result, limits.testMs, child.name)
        if (child.#planned < 0 || child.#count >= child.#planned) child.end()
      }
      if (!child.#isOver) await settle(child.#finished, limits.testMs, child.name)
    } catch (error) {
      child.#failure ??= failureOf(error)
    }
    child.#isOver = true
    await this.#cleanUp(child)
    if (child.#planned > child.#count) child.#failure ??= { message: 'test unfinished' }
    if (isWanted) observer.ended(child.names)
    this.#record(child, child.#failure === null ? 'passed' : 'failed')
    this.#occupied = null
    this.#counted()
    resolve()
    this.#next()
  }

  #hooks(when: 'before' | 'after'): readonly Hook[] {
    const chain: (readonly Hook[])[] = []
    const add = (at: TapTest): void => {
      chain.push(when === 'before' ? at.#beforeEach : at.#afterEach)
      if (at.parent !== null) add(at.parent)
    }
    add(this)
    return (when === 'before' ? chain.reverse() : chain).flat()
  }

  async #hook(hook: Hook, child: TapTest): Promise<void> {
    const { comparison, limits } = this.#session
    const result: unknown =
      comparison.major < 15 && hook.length > 0
        ? new Promise<void>((resolve) => {
            Reflect.apply(hook, child, [resolve, child])
          })
        : hook.call(child, child)
    if (isThenable(result)) await settle(result, limits.testMs, 'a hook')
  }

  async #cleanUp(child: TapTest): Promise<void> {
    const { limits } = this.#session
    try {
      for (const callback of child.#teardown.splice(0).reverse()) {
        const result = callback()
        if (isThenable(result)) await settle(result, limits.testMs, 'teardown')
      }
      if (child !== this) for (const hook of this.#hooks('after')) await this.#hook(hook, child)
    } catch (error) {
      if (error instanceof StepsExhausted) return
      child.#failure ??= failureOf(error)
    }
  }

  #record(child: TapTest, outcome: TestResult['outcome']): void {
    if (!this.#session.selection.wants(child.names)) return
    this.#session.results.push({
      names: child.names,
      outcome,
      ...(outcome === 'failed' ? child.#failure : null),
    })
    if (outcome === 'failed' && this.parent !== null) this.#failure ??= { message: `failed: ${child.name}` }
  }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== null

/** File from which a method of `t` was called. */
function callerOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').slice(1)
  const frame = frames.find((line) => !line.includes(import.meta.filename)) ?? ''
  return /\(?((?:\/|file:)[^():]+):\d+:\d+\)?$/.exec(frame.trim())?.[1]?.replace(/^file:\/\//, '') ?? ''
}

const methods = Object.getOwnPropertyNames(TapTest.prototype).concat(
  Object.getOwnPropertyNames(TapAssertions.prototype),
)
const boundMethods = methods.filter(
  (name) =>
    name !== 'constructor' && Object.getOwnPropertyDescriptor(TapTest.prototype, name)?.get === undefined,
)
