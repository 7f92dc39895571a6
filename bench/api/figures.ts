/** How long something takes, in milliseconds. */
export interface Times {
  readonly p50: number
  readonly p95: number
}

export function timesOf(taken: readonly number[]): Times {
  return { p50: quantile(taken, 0.5), p95: quantile(taken, 0.95) }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Three digits. */
export function figure(value: number): number {
  return Number(value.toPrecision(3))
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}
