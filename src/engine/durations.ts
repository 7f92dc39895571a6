const unitMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const longestMilliseconds = 30 * unitMilliseconds.d

/** Milliseconds of a duration such as `500ms`, `30s` or `7d`; undefined if it is none, or not within 1 ms … 30 days. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<count>\d{1,10})(?<unit>ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const { count = '', unit = '' } = match.groups ?? {}
  if (!isUnit(unit)) return undefined
  const milliseconds = Number(count) * unitMilliseconds[unit]
  return milliseconds >= 1 && milliseconds <= longestMilliseconds ? milliseconds : undefined
}

function isUnit(text: string): text is keyof typeof unitMilliseconds {
  return Object.hasOwn(unitMilliseconds, text)
}
