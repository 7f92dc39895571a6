/** What of the truth is among the first `k`. */
export function recallAt(k: number, ranked: readonly string[], truth: readonly string[]): number {
  const top = new Set(ranked.slice(0, k))
  return truth.filter((path) => top.has(path)).length / truth.length
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** A 95 % interval of the mean of the groups' means, by drawing cases with replacement within each group. */
export function bootstrapInterval(groups: readonly (readonly number[])[]): readonly [number, number] {
  const random = generator(20_260_101)
  const means = Array.from({ length: 1_000 }, () =>
    mean(groups.map((group) => mean(group.map(() => group[Math.floor(random() * group.length)] ?? 0)))),
  ).toSorted((one, other) => one - other)
  return [round(means[25] ?? 0), round(means[974] ?? 0)]
}

export function round(value: number): number {
  return Number(value.toFixed(3))
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
