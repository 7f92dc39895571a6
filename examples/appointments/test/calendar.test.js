import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Calendar, parseInterval } from '../src/index.js'

const open = () => new Calendar(parseInterval('09:00-17:00'))

describe('Calendar', () => {
  it('books an appointment', () => {
    const calendar = open()
    calendar.book(parseInterval('10:00-10:30'))
    assert.deepEqual(calendar.booked, [{ start: 600, end: 630 }])
  })

  it('keeps appointments in order', () => {
    const calendar = open()
    calendar.book(parseInterval('15:00-15:30'))
    calendar.book(parseInterval('10:00-10:30'))
    assert.deepEqual(calendar.booked.map((interval) => interval.start), [600, 900])
  })

  it('refuses an overlap', () => {
    const calendar = open()
    calendar.book(parseInterval('10:00-11:00'))
    assert.throws(() => calendar.book(parseInterval('10:30-11:30')), /10:30-11:30 overlaps 10:00-11:00/)
    assert.throws(() => calendar.book(parseInterval('09:30-10:01')), /overlaps/)
    assert.throws(() => calendar.book(parseInterval('10:15-10:20')), /overlaps/)
    assert.throws(() => calendar.book(parseInterval('09:00-17:00')), /overlaps/)
  })

  it('books back-to-back appointments', () => {
    const calendar = open()
    calendar.book(parseInterval('09:00-09:30'))
    calendar.book(parseInterval('09:30-10:00'))
    assert.equal(calendar.booked.length, 2)
  })

  it('refuses times outside opening hours', () => {
    assert.throws(() => open().book(parseInterval('08:30-09:30')), /outside opening hours/)
    assert.throws(() => open().book(parseInterval('16:45-17:15')), /outside opening hours/)
  })

  it('finds free time', () => {
    const calendar = open()
    calendar.book(parseInterval('09:00-12:00'))
    calendar.book(parseInterval('12:20-16:00'))
    assert.deepEqual(calendar.free(30), [{ start: 960, end: 1020 }])
    assert.equal(calendar.free(20).length, 2)
  })
})
