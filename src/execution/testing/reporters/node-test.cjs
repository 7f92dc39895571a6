'use strict'
/* A reporter for `node --test-reporter`. See https://nodejs.org/api/test.html#custom-reporters. */
const channel = require('./channel.cjs')

/** Reports of a file come in the order of declaration, a parent after its children. */
module.exports = async function* report(events) {
  const names = []
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      names.length = data.nesting
      names[data.nesting] = data.name
    } else if (type === 'test:pass' || type === 'test:fail') {
      const suite = data.details?.type === 'suite'
      const error = data.details?.error
      const ownFailure = type === 'test:fail' && error?.failureType !== 'subtestsFailed'
      // A parent that fails only because of its children is told by them.
      if (ownFailure || (type === 'test:pass' && !suite))
        channel.record({
          kind: 'case',
          file: channel.relative(data.file),
          path: names.slice(0, data.nesting),
          name: data.name,
          outcome: outcomeOf(type, data),
          durationMs: data.details?.duration_ms,
          line: data.line,
          ...(ownFailure ? channel.failure(error) : {}),
        })
    }
  }
  channel.record({ kind: 'end' })
  yield ''
}

function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skipped'
  if (data.todo !== undefined && data.todo !== false) return 'todo'
  return type === 'test:pass' ? 'passed' : 'failed'
}
