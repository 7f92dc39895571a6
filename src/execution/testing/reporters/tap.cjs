'use strict'
/*
 * Loaded in front of a test file that uses tap: takes the results from tap itself instead of from the process's
 * output, where whatever the tests print stands between them.
 */
const channel = require('./channel.cjs')
const { createRequire } = require('node:module')
const { isMainThread } = require('node:worker_threads')
const { EventEmitter } = require('node:events')
const path = require('node:path')

/** Small enough for writers that share a pipe to stay whole. */
const chunkLength = 2048

if (channel.active && isMainThread) {
  channel.watchExit()
  const file = channel.relative(process.argv[1])
  const send = (text) => {
    for (let at = 0; at < text.length; at += chunkLength)
      channel.record({ kind: 'tap', file, process: process.pid, text: text.slice(at, at + chunkLength) })
  }

  /** Stands in for standard output, which still gets everything. */
  class Tee extends EventEmitter {
    write(chunk, ...rest) {
      send(String(chunk))
      process.stdout.write(chunk, ...rest)
      // Never asks the writer to wait: nobody would wake it.
      return true
    }
    end(chunk) {
      if (chunk !== undefined) this.write(chunk)
    }
  }

  const exported = createRequire(path.join(channel.root, 'package.json'))('tap')
  const tap = exported.t ?? exported.default ?? exported
  const { pipe } = tap
  tap.pipe = function redirect(target, ...rest) {
    // Before its first use, tap's own `pipe` puts the plain one in this place.
    return pipe.call(this, target === process.stdout ? new Tee() : target, ...rest)
  }
}
