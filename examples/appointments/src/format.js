const pattern = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/

function formatTime(minutes) {
  const hours = Math.floor(minutes / 60)
  return `${String(hours).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** `09:00-09:30` for `{ start: 540, end: 570 }`. */
export function formatInterval(interval) {
  return `${formatTime(interval.start)}-${formatTime(interval.end)}`
}

/** The inverse of `formatInterval`; throws on anything else. */
export function parseInterval(text) {
  const match = pattern.exec(text)
  if (!match) throw new TypeError(`not an interval: ${text}`)
  const [startHour, startMinute, endHour, endMinute] = match.slice(1).map(Number)
  const interval = { start: startHour * 60 + startMinute, end: endHour * 60 + endMinute }
  if (interval.end <= interval.start) throw new RangeError(`ends before it starts: ${text}`)
  return interval
}
