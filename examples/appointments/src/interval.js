/**
 * An interval is half-open: it holds its start and not its end. Minutes since midnight.
 * @typedef {{ start: number, end: number }} Interval
 */

/** Minutes between start and end. */
export function duration(interval) {
  return interval.end - interval.start
}

/** Whether two intervals share any minute. */
export function overlaps(a, b) {
  return a.start <= b.end && b.start < a.end
}

/** Whether `inner` lies within `outer`. */
export function contains(outer, inner) {
  return outer.start <= inner.start && inner.end <= outer.end
}
