import type { Change, Finding } from '../../contracts/index.ts'
import { reviewShape } from './change-shape.ts'
import type { ChangedFile } from './changed-file.ts'
import { reviewSuiteConfiguration } from './suite-configuration.ts'
import { sortFindings } from './sort-findings.ts'
import { findSuspiciousCode } from './suspicious-code.ts'
import { reviewTests } from './test-tampering.ts'

/**
 * Every check of a change that needs no model, worst findings first. Deterministic, and reads nothing besides its
 * arguments: texts that nobody can vouch for, which is why no check can throw because of what they say.
 */
export async function reviewChange(
  change: Change,
  files: readonly ChangedFile[],
): Promise<readonly Finding[]> {
  const { findSecrets } = await import('./secrets.ts')
  const findings = [
    ...reviewTests(files),
    ...reviewSuiteConfiguration(files),
    ...findSuspiciousCode(files),
    ...reviewShape(change, files),
    ...(await findSecrets(files)),
  ]
  return sortFindings(findings)
}
