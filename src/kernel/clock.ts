/** Where time comes from. Replayed and tested code takes a clock instead of reading one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
