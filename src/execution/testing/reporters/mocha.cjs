'use strict'
/* A reporter for Mocha. See https://mochajs.org/api/tutorial-custom-reporter.html. */
const channel = require('./channel.cjs')

module.exports = function Reporter(runner) {
  const send = (test, outcome, error) => {
    channel.record({
      kind: 'case',
      file: channel.relative(test.file ?? test.parent?.file),
      path: titles(test),
      name: test.title,
      outcome,
      durationMs: test.duration,
      ...(error === undefined ? {} : channel.failure(error)),
    })
  }
  runner.on('pass', (test) => send(test, 'passed'))
  runner.on('pending', (test) => send(test, 'skipped'))
  runner.on('fail', (test, error) => send(test, 'failed', error))
  runner.once('end', () => channel.record({ kind: 'end' }))
}

function titles(test) {
  const names = []
  for (let suite = test.parent; suite && !suite.root; suite = suite.parent) names.unshift(suite.title)
  return names
}
