'use strict'
/*
 * The way from a reporter inside the sandbox to the studio: one JSON record per line on a descriptor of its own, each
 * led by a key that only this run knows. What tests print goes elsewhere and can neither break nor imitate a record.
 *
 * The key leaves the environment as soon as it was read, so that programs which the tests start stay silent.
 */
const fs = require('node:fs')
const path = require('node:path')
const { fileURLToPath } = require('node:url')

const key = process.env.ATELIER_REPORT_KEY
const target = process.env.ATELIER_REPORT_TARGET
delete process.env.ATELIER_REPORT_KEY
delete process.env.ATELIER_REPORT_TARGET

const root = process.cwd()
// Taken now: tests replace these with doubles.
const { writeSync } = fs
const { stringify } = JSON
const limit = 8192
let descriptor = null

/** Whether this very process is the one that was asked to report. */
const active = key !== undefined

function writeAll(text) {
  descriptor ??= target === undefined ? 3 : fs.openSync(target, 'a')
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (error.code !== 'EAGAIN') return
    }
  }
}

/** Sends one record, at once and synchronously: the process may end at any moment. */
function record(content) {
  if (active) writeAll(`\n${key} ${stringify(content)}\n`)
}

function clip(text) {
  return text.length > limit ? `${text.slice(0, limit)} …` : text
}

/** A path or file URL as a path relative to the package, with forward slashes; undefined outside of it. */
function relative(file) {
  if (typeof file !== 'string' || file === '') return undefined
  const absolute = file.startsWith('file:') ? fileURLToPath(file) : path.resolve(root, file)
  const inside = path.relative(root, absolute)
  return inside.startsWith('..') || path.isAbsolute(inside) ? undefined : inside.split(path.sep).join('/')
}

/** Message and stack of anything that was thrown. */
function failure(error) {
  try {
    if (error === null || typeof error !== 'object') return { message: clip(String(error)) }
    const cause = error.code === 'ERR_TEST_FAILURE' && error.cause instanceof Object ? error.cause : error
    const stack = typeof cause.stack === 'string' ? clip(cause.stack) : undefined
    const message = typeof cause.message === 'string' && cause.message !== '' ? cause.message : cause.name
    return { message: clip(String(message ?? cause)), stack }
  } catch {
    return { message: 'an error that cannot be read' }
  }
}

const framePattern = /\(?((?:file:\/\/)?\/[^():]+):(\d+)(?::\d+)?\)?$/

/** The innermost stack frame that stands in the package itself and not in its dependencies. */
function ownFrame(stack) {
  for (const line of String(stack ?? '').split('\n')) {
    const match = framePattern.exec(line.trim())
    if (match === null || match[1].includes('/node_modules/')) continue
    const file = relative(match[1])
    if (file !== undefined) return { file, line: Number(match[2]) }
  }
  return undefined
}

/** Where in the package the caller of the caller stands. */
function callSite(below) {
  const holder = {}
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  Error.captureStackTrace(holder, below)
  Error.stackTraceLimit = before
  return ownFrame(holder.stack)
}

/**
 * Tells how the process ends: by itself, or because the program said so, which may have been too early. To be called
 * before anything else listens for the end.
 */
function watchExit() {
  if (!active) return
  let called = false
  const { exit } = process
  process.exit = function end(...parameters) {
    called = true
    return exit.apply(process, parameters)
  }
  process.on('exit', () => record({ kind: 'exit', called }))
}

module.exports = { active, watchExit, record, relative, failure, ownFrame, callSite, root }
