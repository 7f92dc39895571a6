/** Shares of weights in percent, each rounded, together 100 (the largest remainders are rounded up). */
export function sharesOf(weights: readonly number[]): readonly number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  if (whole <= 0) return weights.map(() => 0)
  const exact = weights.map((weight) => (100 * weight) / whole)
  const floors = exact.map(Math.floor)
  const missing = 100 - floors.reduce((sum, share) => sum + share, 0)
  const raised = new Set(
    exact
      .map((share, index) => ({ rest: share - Math.floor(share), index }))
      .sort((a, b) => b.rest - a.rest)
      .slice(0, missing)
      .map(({ index }) => index),
  )
  return floors.map((share, index) => share + (raised.has(index) ? 1 : 0))
}
