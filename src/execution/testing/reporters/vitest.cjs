'use strict'
/*
 * A reporter for Vitest. Before version 3 results arrive as updates of tasks, since then as reported tests; see
 * https://vitest.dev/advanced/api/reporters.
 */
const channel = require('./channel.cjs')

class Reporter {
  sent = new Set()
  finished = false

  onInit(vitest) {
    this.vitest = vitest
  }

  onTaskUpdate(packs) {
    for (const [id] of packs) {
      const task = this.vitest?.state?.idMap?.get(id)
      if (task !== undefined) this.visit(task)
    }
  }

  onTestCaseResult(test) {
    if (test.task !== undefined) this.visit(test.task)
  }

  onFinished(files = [], errors = []) {
    this.finish(files, errors)
  }

  onTestRunEnd(modules, errors) {
    this.finish(
      modules.map((module) => module.task),
      errors,
    )
  }

  finish(files, errors) {
    if (this.finished) return
    this.finished = true
    for (const file of files) this.visitAll(file)
    for (const error of errors) channel.record({ kind: 'broken', ...channel.failure(error) })
    channel.record({ kind: 'end' })
  }

  visitAll(task) {
    if (task.tasks === undefined) return this.visit(task, true)
    for (const child of task.tasks) this.visitAll(child)
    const error = task.result?.state === 'fail' ? task.result.errors?.[0] : undefined
    if (error === undefined) return
    const file = channel.relative(fileOf(task))
    if (task.file === task || task.filepath !== undefined)
      channel.record({ kind: 'broken', file, ...channel.failure(error) })
    else this.send(task, 'failed')
  }

  /** Sends a test once it has its last result. */
  visit(task, last = false) {
    if (task.type !== 'test' && task.type !== 'custom') return
    const state = task.result?.state
    if (state === 'pass') this.send(task, 'passed')
    else if (state === 'fail') this.send(task, 'failed')
    else if (task.mode === 'todo') this.send(task, 'todo')
    else if (task.mode === 'skip' || state === 'skip') this.send(task, 'skipped')
    else if (last) this.send(task, 'failed')
  }

  send(task, outcome) {
    if (this.sent.has(task)) return
    this.sent.add(task)
    channel.record({
      kind: 'case',
      file: channel.relative(fileOf(task)),
      path: suites(task),
      name: task.name,
      outcome,
      durationMs: task.result?.duration,
      line: task.location?.line,
      ...(outcome === 'failed'
        ? channel.failure(task.result?.errors?.[0] ?? 'this test did not come to its end')
        : {}),
    })
  }
}

function fileOf(task) {
  return task.file?.filepath ?? task.filepath
}

function suites(task) {
  const names = []
  for (
    let suite = task.suite;
    suite && suite.filepath === undefined && suite.name !== '';
    suite = suite.suite
  )
    names.unshift(suite.name)
  return names
}

module.exports = Reporter
