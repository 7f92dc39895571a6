import { formatInterval } from './format.js'
import { contains, duration, overlaps } from './interval.js'

/** The appointments of one day. */
export class Calendar {
  #opening
  #booked = []

  /** @param {import('./interval.js').Interval} opening when the practice is open */
  constructor(opening) {
    this.#opening = opening
  }

  /** Booked intervals, earliest first. */
  get booked() {
    return [...this.#booked]
  }

  /** Books an interval; throws if the practice is closed or the time is taken. */
  book(interval) {
    if (!contains(this.#opening, interval)) throw new Error(`${formatInterval(interval)} is outside opening hours`)
    const conflict = this.#booked.find((other) => overlaps(interval, other))
    if (conflict) throw new Error(`${formatInterval(interval)} overlaps ${formatInterval(conflict)}`)
    this.#booked.push(interval)
    this.#booked.sort((a, b) => a.start - b.start)
  }

  /** Free intervals of at least `minutes`, earliest first. */
  free(minutes) {
    const gaps = []
    let from = this.#opening.start
    for (const interval of this.#booked) {
      gaps.push({ start: from, end: interval.start })
      from = interval.end
    }
    gaps.push({ start: from, end: this.#opening.end })
    return gaps.filter((gap) => duration(gap) >= minutes)
  }
}
