'use strict'
/* A reporter for Jest, from version 20 on. See https://jestjs.io/docs/configuration#reporters-arraymodulename--modulename-options. */
const channel = require('./channel.cjs')

const outcomes = {
  passed: 'passed',
  failed: 'failed',
  pending: 'skipped',
  skipped: 'skipped',
  disabled: 'skipped',
  todo: 'todo',
}

module.exports = class Reporter {
  onTestResult(_test, result) {
    const file = channel.relative(result.testFilePath)
    for (const test of result.testResults) {
      const stack = (test.failureMessages ?? []).join('\n')
      channel.record({
        kind: 'case',
        file,
        path: test.ancestorTitles,
        name: test.title,
        outcome: outcomes[test.status] ?? 'failed',
        durationMs: test.duration ?? undefined,
        line: test.location?.line,
        ...(test.status === 'failed' ? channel.failure({ message: headOf(stack), stack }) : {}),
      })
    }
    const broken =
      result.testExecError ?? (result.testResults.length === 0 ? result.failureMessage : undefined)
    if (broken) channel.record({ kind: 'broken', file, ...describe(broken, result) })
  }

  onRunComplete() {
    channel.record({ kind: 'end' })
  }

  getLastError() {}
}

function describe(broken, result) {
  const failure = channel.failure(broken)
  return failure.message === '' || failure.message === 'undefined'
    ? channel.failure(result.failureMessage)
    : failure
}

/** The part of a failure message before its stack. */
function headOf(text) {
  const at = text.search(/\n\s+at /)
  return (at === -1 ? text : text.slice(0, at)).trim()
}
