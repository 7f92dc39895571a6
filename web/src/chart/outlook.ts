/** What was used on a day that is over, and what the forecast says of those to come. */
export interface DayValue {
  /** ISO 8601. */
  readonly day: string
  readonly used: number | null
  readonly expected: number | null
  readonly low: number | null
  readonly high: number | null
}

interface Trend {
  /** What the next day is expected to use, and by how much more each day after it. */
  readonly perDay: number
  readonly trend: number
  readonly next30: { readonly expected: number; readonly high: number }
}

const dayMs = 86_400_000

/**
 * Days that are over, and after them `ahead` days of the forecast. The interval is that of a single day: the forecast's
 * own is of thirty days together, and days are taken as independent, so it is narrower by the root of thirty.
 */
export function outlookOf(
  days: readonly { readonly day: string; readonly money: number }[],
  trend: Trend | undefined,
  ahead: number,
): readonly DayValue[] {
  const past = days.map(({ day, money }) => ({ day, used: money, expected: null, low: null, high: null }))
  const last = days.at(-1)?.day
  if (trend === undefined || last === undefined) return past
  const off = Math.max(0, trend.next30.high - trend.next30.expected) / Math.sqrt(30)
  const future = Array.from({ length: ahead }, (_, index) => {
    const expected = Math.max(0, trend.perDay + trend.trend * index)
    return {
      day: new Date(Date.parse(last) + (index + 1) * dayMs).toISOString().slice(0, 10),
      used: null,
      expected,
      low: Math.max(0, expected - off),
      high: expected + off,
    }
  })
  return [...past, ...future]
}
