import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, duration, formatInterval, overlaps, parseInterval } from '../src/index.js'

const at = (text) => parseInterval(text)

test('duration in minutes', () => {
  assert.equal(duration(at('09:15-10:45')), 90)
})

test('overlaps is symmetric for intervals that share time', () => {
  assert.ok(overlaps(at('09:00-10:00'), at('09:59-11:00')))
  assert.ok(overlaps(at('09:59-11:00'), at('09:00-10:00')))
  assert.ok(overlaps(at('09:00-12:00'), at('10:00-11:00')))
  assert.ok(overlaps(at('09:00-10:00'), at('09:00-10:00')))
})

test('intervals apart from each other do not overlap', () => {
  assert.ok(!overlaps(at('09:00-10:00'), at('11:00-12:00')))
  assert.ok(!overlaps(at('11:00-12:00'), at('09:00-10:00')))
})

test('contains', () => {
  assert.ok(contains(at('09:00-17:00'), at('09:00-17:00')))
  assert.ok(!contains(at('09:00-17:00'), at('08:59-10:00')))
})

test('format and parse are inverse', () => {
  for (const text of ['00:00-00:01', '09:05-17:30', '23:00-23:59']) assert.equal(formatInterval(at(text)), text)
})

test('parse refuses what is not an interval', () => {
  assert.throws(() => parseInterval('9:00-10:00'), TypeError)
  assert.throws(() => parseInterval('10:00-09:00'), RangeError)
  assert.throws(() => parseInterval('10:00-10:00'), RangeError)
})
