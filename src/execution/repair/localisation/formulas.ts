/**
 * How often a statement was executed by failing and by passing tests, of how many in all.
 */
export interface SpectrumCounts {
  readonly failedCovering: number
  readonly passedCovering: number
  readonly failed: number
  readonly passed: number
}

export type SuspicionFormula = (counts: SpectrumCounts) => number

/** Abreu, Zoeteweij, van Gemund: An Evaluation of Similarity Coefficients for Software Fault Localization (2006). */
export const ochiai: SuspicionFormula = ({ failedCovering, passedCovering, failed }) => {
  const denominator = Math.sqrt(failed * (failedCovering + passedCovering))
  return denominator === 0 ? 0 : failedCovering / denominator
}

/** Wong, Debroy, Gao, Li: The DStar Method for Effective Software Fault Localization (2014), with the exponent 2. */
export const dstar: SuspicionFormula = ({ failedCovering, passedCovering, failed }) => {
  const denominator = passedCovering + (failed - failedCovering)
  if (failedCovering === 0) return 0
  // Unbounded where the denominator is zero; folded into 0 … 1 so that formulas can be compared.
  const value = denominator === 0 ? Number.POSITIVE_INFINITY : failedCovering ** 2 / denominator
  return value === Number.POSITIVE_INFINITY ? 1 : value / (1 + value)
}

/** Jones, Harrold, Stasko: Visualization of Test Information to Assist Fault Localization (2002). */
export const tarantula: SuspicionFormula = ({ failedCovering, passedCovering, failed, passed }) => {
  const failedRate = failed === 0 ? 0 : failedCovering / failed
  const passedRate = passed === 0 ? 0 : passedCovering / passed
  return failedRate + passedRate === 0 ? 0 : failedRate / (failedRate + passedRate)
}

/** Abreu, Zoeteweij, van Gemund: Spectrum-Based Multiple Fault Localization (2009), for a single fault. */
export const barinel: SuspicionFormula = ({ failedCovering, passedCovering }) =>
  failedCovering === 0 ? 0 : 1 - passedCovering / (passedCovering + failedCovering)

export const formulas: Readonly<Record<string, SuspicionFormula>> = { ochiai, dstar, tarantula, barinel }
