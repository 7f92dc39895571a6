export const outcomes = ['allowed', 'denied', 'started', 'succeeded', 'failed'] as const

/** What the list is limited to, as the API takes it. */
export interface AuditFilters {
  readonly principalId?: string
  readonly action?: string
  readonly runId?: string
  readonly outcome?: (typeof outcomes)[number]
  /** ISO 8601. */
  readonly since?: string
  readonly until?: string
  readonly text?: string
}

/** Start of a day as the reader's clock has it; undefined for what is no day. */
function startOf(day: string | undefined, plusDays = 0): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? '') ?? []
  if (year === undefined) return undefined
  const time = new Date(Number(year), Number(month) - 1, Number(date) + plusDays)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}

/** Filters as the address has them: `?principal=person:ada&from=2026-05-01&to=2026-05-03`; both days are included. */
export function readFilters(values: Readonly<Record<string, string | undefined>>): AuditFilters {
  const { principal, action, run, outcome, from, to, text } = values
  const filters = {
    principalId: principal,
    action,
    runId: run,
    outcome: outcomes.find((each) => each === outcome),
    since: startOf(from),
    until: startOf(to, 1),
    text,
  }
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''),
  )
}
