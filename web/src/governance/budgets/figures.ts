import type { BurnRow, Outlook } from './queries.ts'

/** What each project, agent, tool or model used over all days together, the most expensive first. */
export function totalsOf(rows: readonly BurnRow[]): readonly {
  readonly key: string
  readonly money: number
  readonly tokens: number
  readonly calls: number
}[] {
  const totals = new Map<string, { key: string; money: number; tokens: number; calls: number }>()
  for (const { key, money, tokens, calls } of rows) {
    const total = totals.get(key) ?? { key, money: 0, tokens: 0, calls: 0 }
    totals.set(key, {
      key,
      money: total.money + money,
      tokens: total.tokens + tokens,
      calls: total.calls + calls,
    })
  }
  return [...totals.values()].sort((a, b) => b.money - a.money || b.tokens - a.tokens)
}

const dates = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', timeZone: 'UTC' })
const dateOf = (day: string): string => dates.format(new Date(day))

/** When the money runs out, in a sentence. */
export function runsOutInWords({ forecast, left }: Pick<Outlook, 'forecast' | 'left'>): string {
  if (left === null) return 'No limit is set, so nothing runs out.'
  if (left <= 0) return 'Nothing is left: runs are refused until the limit is raised.'
  if (forecast.kind === 'too-little-data')
    return `A forecast needs ${forecast.needed} days with spending; there are ${forecast.days} so far.`
  const { expected, earliest, latest } = forecast.runsOut ?? { expected: null, earliest: null, latest: null }
  if (earliest === null) return 'It lasts longer than a year.'
  if (expected === null)
    return `It most likely lasts longer than a year, but may be used up by ${dateOf(earliest)}.`
  const span =
    latest === null
      ? `at the earliest on ${dateOf(earliest)}`
      : `between ${dateOf(earliest)} and ${dateOf(latest)}`
  return `It is used up around ${dateOf(expected)}, ${span}.`
}

/** An amount that somebody typed, in units of the currency, as millionths; undefined for what is no amount. */
export function readMoney(text: string): number | undefined {
  const amount = text.trim().replace(/^\$/, '').replaceAll(',', '')
  if (!/^\d+(\.\d{1,6})?$/.test(amount)) return undefined
  const millionths = Math.round(Number(amount) * 1_000_000)
  return Number.isSafeInteger(millionths) ? millionths : undefined
}

/** A whole number that somebody typed; undefined for what is none. */
export function readCount(text: string): number | undefined {
  const digits = text.trim().replaceAll(',', '')
  const count = Number(digits)
  return /^\d+$/.test(digits) && Number.isSafeInteger(count) ? count : undefined
}
