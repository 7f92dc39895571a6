import type { Finding } from '../../contracts/index.ts'

const order: readonly Finding['severity'][] = ['critical', 'high', 'medium', 'low', 'info']

/** Worst first, then by place. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      order.indexOf(a.severity) - order.indexOf(b.severity) ||
      (a.file ?? '').localeCompare(b.file ?? '') ||
      (a.line ?? 0) - (b.line ?? 0),
  )
}
