/** Inverse document frequency, never negative. */
export function inverseFrequency(documents: number, withTerm: number): number {
  return Math.log(1 + (documents - withTerm + 0.5) / (withTerm + 0.5))
}

/** How much one term adds, for a document `relativeLength` times as long as the mean. */
export function saturation(frequency: number, relativeLength: number, k1: number, b: number): number {
  return (frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * relativeLength))
}
