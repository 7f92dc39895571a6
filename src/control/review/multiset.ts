/** The items of `these` that `those` lacks, counting repetitions; two items are the same if their keys are. */
export function without<T>(these: readonly T[], those: readonly T[], keyOf: (item: T) => string): T[] {
  const counts = new Map<string, number>()
  for (const item of those) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return these.filter((item) => {
    const left = counts.get(keyOf(item)) ?? 0
    counts.set(keyOf(item), left - 1)
    return left <= 0
  })
}
