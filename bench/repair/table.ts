import type { CaseResult } from './attempt.ts'

const columns = [
  { title: '#', width: 3 },
  { title: 'repository', width: 22 },
  { title: 'outcome', width: 10 },
  { title: 'base s', width: 7 },
  { title: 'repair s', width: 8 },
  { title: 'tried', width: 7 },
  { title: '/s', width: 6 },
  { title: 'plaus', width: 5 },
  { title: 'conf', width: 5 },
  { title: 'same', width: 4 },
  { title: 'what', width: 0 },
] as const

export const heading = columns.map(({ title, width }) => title.padEnd(width)).join(' ')

/** One line per case, and the patch below it. */
export function row(result: CaseResult): string {
  const { seconds } = result
  const cells = [
    String(result.number),
    result.repo,
    result.outcome,
    seconds.baseline.toFixed(1),
    seconds.repair.toFixed(1),
    String(result.tried),
    result.triedPerSecond.toFixed(0),
    String(result.plausible),
    result.confidence?.toFixed(2) ?? '',
    result.identical ? 'text' : result.equivalent === true ? 'does' : '',
    result.detail.replaceAll(/\s+/g, ' ').slice(0, 160),
  ]
  const line = cells.map((cell, index) => cell.padEnd(columns[index]?.width ?? 0)).join(' ')
  const patch = result.patch
    .split('\n')
    .filter((text) => /^[+-](?![+-]{2})/.test(text))
    .slice(0, 12)
    .map((text) => `      ${text}`)
  return [line.trimEnd(), ...patch].join('\n')
}

export interface Totals {
  readonly cases: number
  readonly repaired: number
  readonly identical: number
  /** Identical, or equivalent on every input that was tried. */
  readonly correct: number
  readonly escalated: number
  readonly failed: number
  readonly overThreeMinutes: number
  readonly medianTriedPerSecond: number
}

export function summary(results: readonly CaseResult[]): { readonly text: string; readonly numbers: Totals } {
  const count = (test: (result: CaseResult) => boolean): number => results.filter(test).length
  const speeds = results.map(({ triedPerSecond }) => triedPerSecond).filter((speed) => speed > 0)
  speeds.sort((a, b) => a - b)
  const numbers: Totals = {
    cases: results.length,
    repaired: count(({ outcome }) => outcome === 'repaired'),
    identical: count(({ identical }) => identical),
    correct: count(({ identical, equivalent }) => identical || equivalent === true),
    escalated: count(({ outcome }) => outcome === 'escalated'),
    failed: count(({ outcome }) => outcome === 'failed'),
    overThreeMinutes: count(({ seconds }) => seconds.baseline + seconds.repair > 180),
    medianTriedPerSecond: Math.round(speeds[speeds.length >> 1] ?? 0),
  }
  const text =
    `${numbers.repaired} of ${numbers.cases} repaired, ${numbers.identical} as the maintainers did; ` +
    `${numbers.escalated} escalated, ${numbers.failed} failed; ${numbers.overThreeMinutes} took more than 3 minutes; ` +
    `median ${numbers.medianTriedPerSecond} candidates a second`
  return { text, numbers }
}
