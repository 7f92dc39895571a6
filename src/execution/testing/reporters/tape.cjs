'use strict'
/*
 * Loaded in front of a program that uses tape: listens to its tests directly, so that nothing printed counts. What
 * was declared and did not end when the process does, has failed.
 */
const channel = require('./channel.cjs')
const { createRequire } = require('node:module')
const { isMainThread } = require('node:worker_threads')
const path = require('node:path')

if (channel.active && isMainThread) {
  channel.watchExit()
  const load = createRequire(path.join(channel.root, 'package.json'))
  const tape = load('tape')
  const Test = tape.Test ?? createRequire(load.resolve('tape'))('./lib/test')
  const states = new Map()

  /** Follows a test from its declaration. */
  const follow = (test, site, parent) => {
    if (states.has(test)) return
    const state = {
      test,
      site,
      parent,
      failed: undefined,
      assertions: 0,
      children: 0,
      open: 0,
      ended: false,
      startedAt: 0,
    }
    states.set(test, state)
    if (parent !== undefined) {
      parent.children += 1
      parent.open += 1
    }
    test.on('prerun', () => {
      state.startedAt = performance.now()
    })
    test.on('result', (result) => {
      if (typeof result === 'string') return
      state.assertions += 1
      if (!result.ok && !result.todo && !result.skip) state.failed ??= result
    })
    test.on('end', () => {
      // tape itself complains about a wrong plan only after the tests that follow.
      if (test._plan !== undefined && test._pendingAsserts() > 0)
        state.failed ??= { name: 'plan != count', expected: test._plan, actual: test.assertCount }
      send(state)
    })
  }

  const send = (state) => {
    if (state.ended) return
    state.ended = true
    if (state.parent !== undefined) state.parent.open -= 1
    const { test, failed } = state
    const skipped = test._skip === true
    // A parent that only groups others is told by them.
    if (failed === undefined && state.assertions === 0 && state.children > 0) return
    channel.record({
      kind: 'case',
      file: state.site?.file,
      line: state.site?.line,
      path: titles(state),
      name: String(test.name),
      outcome: failed !== undefined ? 'failed' : skipped ? 'skipped' : test._todo ? 'todo' : 'passed',
      durationMs: state.startedAt === 0 ? undefined : performance.now() - state.startedAt,
      ...(failed === undefined ? {} : describe(failed)),
    })
  }

  const titles = (state) => {
    const names = []
    for (let above = state.parent; above !== undefined; above = above.parent)
      names.unshift(String(above.test.name))
    return names
  }

  const describe = (result) => {
    const error = result.error instanceof Error ? result.error : undefined
    const values =
      'expected' in result || 'actual' in result
        ? `: expected ${show(result.expected)}, got ${show(result.actual)}`
        : ''
    return channel.failure({
      message: `${result.name ?? result.operator ?? 'failed'}${values}`,
      stack: error?.stack,
    })
  }

  const show = (value) => {
    try {
      return require('node:util').inspect(value, { depth: 3, breakLength: 100 })
    } catch {
      return typeof value
    }
  }

  // Every test passes through `run` before it starts; top-level tests pass through the constructor's caller first.
  const sites = new WeakMap()
  const { prototype } = Test
  const subtest = prototype.test
  prototype.test = function test(...parameters) {
    const site = channel.callSite(prototype.test)
    let child
    const remember = (created) => {
      child = created
    }
    this.once('test', remember)
    const returned = subtest.apply(this, parameters)
    this.removeListener('test', remember)
    if (child !== undefined) follow(child, site, states.get(this))
    return returned
  }
  const run = prototype.run
  prototype.run = function start(...parameters) {
    follow(this, sites.get(this))
    return run.apply(this, parameters)
  }

  const wrap = (original) =>
    function declare(...parameters) {
      const site = channel.callSite(declare)
      const test = original.apply(this, parameters)
      if (test instanceof Test) follow(test, site)
      return test
    }
  const wrapped = Object.assign(wrap(tape), tape)
  for (const name of ['only', 'todo']) if (typeof tape[name] === 'function') wrapped[name] = wrap(tape[name])
  // tape forgets such a test at once.
  const skip = wrap(tape.skip)
  wrapped.skip = (...parameters) => {
    const test = skip(...parameters)
    if (states.has(test)) send(states.get(test))
    return test
  }
  wrapped.test = wrapped
  wrapped.default = wrapped
  const cached = require.cache[load.resolve('tape')]
  cached.exports = wrapped

  let uncaught
  process.on('uncaughtExceptionMonitor', (error) => {
    uncaught = error
    const running = [...states.values()].findLast((state) => state.startedAt > 0 && !state.ended)
    if (running !== undefined) running.failed ??= { name: channel.failure(error).message, error }
  })

  process.on('exit', (code) => {
    const only = tape.getHarness()._results?._only
    const never = []
    const waiting = new Set([...states.values()].filter((state) => state.open > 0))
    // Children before parents.
    for (const state of [...states.values()].reverse()) {
      if (state.ended) continue
      if (state.startedAt === 0) {
        if (!only || state.test === only) never.unshift(state)
        continue
      }
      // A parent that waits for its children is told by them.
      if (!waiting.has(state))
        state.failed ??= { name: 'the process ended before this test did', error: uncaught }
      send(state)
    }
    // Where a test ended the process, that test tells it.
    if (never.length > 0 && ![...states.values()].some((state) => state.failed !== undefined)) {
      const [{ site, test }] = never
      const message = `${never.length} tests did not run, since the process ended before them; the first is "${test.name}"`
      channel.record({ kind: 'broken', file: site?.file, message })
    }
    if (uncaught !== undefined && states.size === 0) {
      const file = channel.ownFrame(uncaught.stack)?.file ?? channel.relative(process.argv[1])
      channel.record({ kind: 'broken', file, ...channel.failure(uncaught) })
    }
    channel.record({ kind: 'end', exitCode: code })
  })
}
