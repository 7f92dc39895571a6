'use strict'
/* Loaded as a helper by Jasmine: adds a reporter. See https://jasmine.github.io/api/edge/Reporter.html. */
const channel = require('./channel.cjs')

if (channel.active) {
  const outcomes = {
    passed: 'passed',
    failed: 'failed',
    pending: 'skipped',
    excluded: 'skipped',
    disabled: 'skipped',
  }
  const suites = []
  const sites = new Map()
  const environment = jasmine.getEnv()

  // The place of a spec is not part of its result in older versions.
  for (const name of ['it', 'fit', 'xit', 'describe', 'fdescribe', 'xdescribe']) {
    const original = globalThis[name]
    if (typeof original !== 'function') continue
    globalThis[name] = Object.assign(function declare(...parameters) {
      const declared = original.apply(this, parameters)
      const id = declared?.result?.id ?? declared?.id
      if (id !== undefined) sites.set(id, channel.callSite(declare))
      return declared
    }, original)
  }

  environment.addReporter({
    suiteStarted(suite) {
      suites.push(suite.description)
    },
    specDone(spec) {
      const failed = (spec.failedExpectations ?? [])[0]
      const site = sites.get(spec.id) ?? channel.ownFrame(failed?.stack)
      channel.record({
        kind: 'case',
        file: channel.relative(spec.filename) ?? site?.file,
        path: [...suites],
        name: spec.description,
        outcome: outcomes[spec.status] ?? 'failed',
        durationMs: spec.duration ?? undefined,
        line: site?.line,
        ...(spec.status === 'failed' ? channel.failure(failed ?? 'failed') : {}),
      })
    },
    suiteDone(suite) {
      for (const failed of suite.failedExpectations ?? [])
        channel.record({
          kind: 'broken',
          file: channel.ownFrame(failed.stack)?.file,
          ...channel.failure(failed),
        })
      suites.pop()
    },
    jasmineDone(result) {
      for (const failed of result?.failedExpectations ?? [])
        channel.record({
          kind: 'broken',
          file: channel.ownFrame(failed.stack)?.file,
          ...channel.failure(failed),
        })
      channel.record({ kind: 'end' })
    },
  })
}
