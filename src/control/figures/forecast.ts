/** Days without which a trend would be a guess. */
const leastDays = 7
const mostDays = 28
const horizonDays = 365
/** Of a normal distribution: how many standard deviations leave a tenth of the cases on either side. */
const tenth = 1.2816
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const deviationOfMedian = 1.4826

export type Forecast =
  | { readonly kind: 'too-little-data'; readonly days: number; readonly needed: number }
  | {
      readonly kind: 'forecast'
      /** Complete days that it rests on. */
      readonly days: number
      /** What the next day is expected to use, and by how much more each day after it. */
      readonly perDay: number
      readonly trend: number
      /** The next thirty days together; nine of ten times it is at least `low`, and at most `high`. */
      readonly next30: { readonly expected: number; readonly low: number; readonly high: number }
      /** When what is left is used up; null without a limit, and for what lasts longer than a year. */
      readonly runsOut: RunsOut | null
    }

/** ISO 8601 days; null where it lasts longer than a year. */
interface RunsOut {
  readonly expected: string | null
  readonly earliest: string | null
  readonly latest: string | null
}

/**
 * Goes on with the trend of the last days, four weeks at most: the median of all slopes between two days (Theil 1950,
 * Sen 1968), so that single expensive days do not bend it. How far off it may be comes from how far the days were off,
 * by their median deviation. Knows nothing of seasons.
 *
 * @param used of each complete day, oldest first, days without any use among them
 * @param today ISO 8601, from which `runsOut` counts
 */
export function forecast(used: readonly number[], left: number | null, today: string): Forecast {
  const first = used.findIndex((amount) => amount > 0)
  const days = first === -1 ? [] : used.slice(first).slice(-mostDays)
  if (days.length < leastDays) return { kind: 'too-little-data', days: days.length, needed: leastDays }
  const trend = median(slopes(days))
  const level = median(days.map((amount, day) => amount - trend * day))
  const at = (ahead: number): number => Math.max(0, level + trend * (days.length - 1 + ahead))
  const off = median(days.map((amount, day) => Math.abs(amount - (level + trend * day)))) * deviationOfMedian
  const until = (ahead: number, quantile: number): number => {
    let sum = 0
    for (let day = 1; day <= ahead; day += 1) sum += at(day)
    return Math.max(0, sum + quantile * off * Math.sqrt(ahead))
  }
  const lasts = (quantile: number): string | null => {
    for (let ahead = 1; left !== null && ahead <= horizonDays; ahead += 1)
      if (until(ahead, quantile) >= left) return dayAfter(today, ahead)
    return null
  }
  return {
    kind: 'forecast',
    days: days.length,
    perDay: Math.round(at(1)),
    trend: Math.round(trend),
    next30: {
      expected: Math.round(until(30, 0)),
      low: Math.round(until(30, -tenth)),
      high: Math.round(until(30, tenth)),
    },
    runsOut: left === null ? null : { expected: lasts(0), earliest: lasts(tenth), latest: lasts(-tenth) },
  }
}

function slopes(days: readonly number[]): readonly number[] {
  return days.flatMap((later, end) =>
    days.slice(0, end).map((earlier, start) => (later - earlier) / (end - start)),
  )
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

function dayAfter(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10)
}
