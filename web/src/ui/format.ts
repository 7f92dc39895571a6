const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const shortNumbers = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const days = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const daysOfOtherYears = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' })
const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** Millionths of the currency as an amount: `$0.42`, `$0.0031`, `$0`. Small amounts keep two digits that count. */
export function formatMoney(millionths: number): string {
  const amount = millionths / 1_000_000
  if (amount === 0) return '$0'
  if (Math.abs(amount) < 0.01) return `$${amount.toPrecision(2)}`
  return new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' }).format(amount)
}

/** `12,345`. */
export function formatNumber(value: number): string {
  return numbers.format(value)
}

/** `12.3K`. */
export function formatShortNumber(value: number): string {
  return shortNumbers.format(value)
}

/** Seconds as `320 ms`, `4.2 s`, `3 m 12 s`, `2 h 5 m`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const [large, small, size, names] =
    seconds < 3600
      ? [Math.floor(seconds / 60), Math.round(seconds % 60), 60, ['m', 's']]
      : seconds < 86_400
        ? [Math.floor(seconds / 3600), Math.round((seconds % 3600) / 60), 60, ['h', 'm']]
        : [Math.floor(seconds / 86_400), Math.round((seconds % 86_400) / 3600), 24, ['d', 'h']]
  const carried = small === size
  const rest = carried ? 0 : small
  return `${large + (carried ? 1 : 0)} ${names[0] ?? ''}${rest > 0 ? ` ${rest} ${names[1] ?? ''}` : ''}`
}

/** How long ago, in one short word: `now`, `5m`, `3h`, `2d`, then the day. */
export function formatAge(time: string, now: number): string {
  const seconds = (now - Date.parse(time)) / 1000
  if (seconds < 45) return 'now'
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}m`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)}h`
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)}d`
  const date = new Date(time)
  return (date.getFullYear() === new Date(now).getFullYear() ? days : daysOfOtherYears).format(date)
}

/** The full date and time in the reader's zone. */
export function formatMoment(time: string): string {
  return moments.format(new Date(time))
}

/** `1 file`, `3 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}

/** The last part of a repository's location, by which people know it: `appointments`. */
export function repositoryName(location: string): string {
  return (
    location
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ?? location
  )
}

/** `person:ada` as people say it: `ada`. */
export function principalName(id: string): string {
  return id.slice(id.indexOf(':') + 1)
}
