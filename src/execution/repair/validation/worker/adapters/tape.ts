import { createRequire } from 'node:module'
import { join } from 'node:path'

import { settle } from '../settling.ts'
import { failureOf, loadFile } from '../test-run.ts'
import type { Adapter, RunLimits, RunObserver, Selection, TestResult } from '../test-run.ts'

/** The part of tape's own `Test` that is used; its assertions and their meaning are the project's version's. */
interface TapeTest {
  readonly name: string
  _skip: unknown
  readonly _todo: unknown
  readonly _plan: number | undefined
  ended: boolean
  test: (...parameters: unknown[]) => void
  on(event: 'prerun' | 'end', listener: () => void): void
  on(event: 'result', listener: (result: TapeResult | string) => void): void
  on(event: 'test', listener: (child: TapeTest) => void): void
  emit(event: 'end'): void
  run(): void
}

interface TapeResult {
  readonly ok: boolean
  readonly name?: string
  readonly error?: unknown
  readonly todo?: unknown
  readonly expected?: unknown
  readonly actual?: unknown
}

type TestConstructor = new (...parameters: unknown[]) => TapeTest

/** Runs tests through the project's own tape, one after the other, without its stream of text. */
export const tape: Adapter = {
  async run(program, file, selection, observer, limits) {
    const load = createRequire(join(program.directory, 'package.json'))
    const { Test } = load('tape') as { readonly Test: TestConstructor }
    const queue: TapeTest[] = []
    const only: TapeTest[] = []
    const api = tapeApi(Test, queue, only)
    program.reset((request) => (request === 'tape' ? { exports: api } : undefined))
    const failure = await loadFile(program, file)
    if (failure !== null) return { tests: [], failure }
    const run = new TapeRun(selection, observer, limits)
    for (const test of only.length > 0 ? only : queue) {
      if (selection.includes([test.name])) await run.test(test)
    }
    return { tests: run.results() }
  },
}

function tapeApi(Test: TestConstructor, queue: TapeTest[], only: TapeTest[]): unknown {
  const test = (...parameters: unknown[]): TapeTest => {
    const created = new Test(...parameters)
    queue.push(created)
    return created
  }
  const api = Object.assign(test, {
    skip: (...parameters: unknown[]) => {
      const named = parameters.find((parameter) => typeof parameter === 'string')
      queue.push(new Test(named, { skip: true }))
    },
    only: (...parameters: unknown[]) => {
      only.push(new Test(...parameters))
    },
    onFinish: () => undefined,
    onFailure: () => undefined,
    Test,
    createHarness: () => api,
    getHarness: () => api,
    close: () => undefined,
    wait: () => undefined,
    run: () => undefined,
  })
  return Object.assign(api, { test: api, default: api })
}

interface Watched {
  readonly names: readonly string[]
  readonly test: TapeTest
  readonly asserted: TapeResult[]
  state: 'declared' | 'started' | 'ended'
  thrown: { readonly error: unknown } | null
}

class TapeRun {
  readonly #watched: Watched[] = []
  readonly #selection: Selection
  readonly #observer: RunObserver
  readonly #limits: RunLimits

  constructor(selection: Selection, observer: RunObserver, limits: RunLimits) {
    this.#selection = selection
    this.#observer = observer
    this.#limits = limits
  }

  /** Runs a test of the file's own level; tape runs those declared in it. */
  async test(test: TapeTest): Promise<void> {
    const watched = this.#watch(test, [])
    const ended = new Promise<void>((resolve) => test.on('end', resolve))
    try {
      test.run()
      await settle(ended, this.#limits.testMs, test.name)
    } catch (error) {
      const current = this.#watched.findLast(({ state }) => state === 'started') ?? watched
      current.thrown ??= { error }
    }
    // tape complains about a plan that was not kept after it has said that the test ended.
    await Promise.resolve()
  }

  results(): readonly TestResult[] {
    return this.#watched.filter(({ names }) => this.#selection.wants(names)).map(resultOf)
  }

  #watch(test: TapeTest, outer: readonly string[]): Watched {
    const names = [...outer, test.name]
    const watched: Watched = { names, test, asserted: [], state: 'declared', thrown: null }
    this.#watched.push(watched)
    test.on('prerun', () => {
      watched.state = 'started'
      this.#observer.started(names)
    })
    test.on('result', (result) => {
      if (typeof result !== 'string') watched.asserted.push(result)
    })
    test.on('test', (child) => {
      if (this.#includes(names, child.name)) this.#guard(this.#watch(child, names))
      else child._skip = true
    })
    const declare = test.test
    test.test = (...parameters) => {
      const name = parameters.find((parameter) => typeof parameter === 'string')
      // Making a test is dear; one that is not wanted is only needed where the plan counts it.
      if (test._plan !== undefined || this.#includes(names, name ?? '(anonymous)')) declare(...parameters)
    }
    test.on('end', () => {
      watched.state = 'ended'
      this.#observer.ended(names)
    })
    return watched
  }

  #includes(outer: readonly string[], name: string): boolean {
    return this.#selection.includes([...outer, name])
  }

  /** What a nested test throws fails that test alone, so that all that fail are seen in one run. */
  #guard(watched: Watched): void {
    const { test } = watched
    const run = test.run.bind(test)
    test.run = () => {
      try {
        run()
      } catch (error) {
        watched.thrown = { error }
        test.ended = true
        test.emit('end')
      }
    }
  }
}

function resultOf({ names, test, asserted, state, thrown }: Watched): TestResult {
  if (thrown !== null) return { names, outcome: 'failed', ...failureOf(thrown.error) }
  const failed = asserted.find(({ ok, todo }) => !ok && !isSet(todo))
  if (failed !== undefined) return { names, outcome: 'failed', ...detailOf(failed) }
  if (isSet(test._skip)) return { names, outcome: 'skipped' }
  if (isSet(test._todo)) return { names, outcome: 'todo' }
  return state === 'ended'
    ? { names, outcome: 'passed' }
    : { names, outcome: 'failed', message: 'the test did not end' }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== null

function detailOf(result: TapeResult): { readonly message: string; readonly stack?: string } {
  const { stack } = failureOf(result.error)
  return { message: result.name ?? 'an assertion failed', ...(stack === undefined ? {} : { stack }) }
}
