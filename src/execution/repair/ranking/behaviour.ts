import type { Observation, Sighting } from '../model.ts'

/** What a candidate does on inputs near those of the tests, each 0 … 1. */
export interface Behaviour {
  /** Share of the inputs of passing tests on which the program no longer does what it did. */
  readonly changesElsewhere: number
  /** Share of the inputs of failing tests on which it does something else than before. */
  readonly changesNear: number
  /** Share of the inputs on which it crashes though some other plausible candidate does not. */
  readonly crashes: number
}

/** Compares the candidates that were observed with each other and with the unchanged program. */
export function behavioursOf({ near, unchanged, candidates }: Observation): ReadonlyMap<number, Behaviour> {
  const all = [...candidates.values()]
  const crashesForAll = near.map((_, index) => all.every((seen) => seen[index]?.crashed === true))
  return new Map(
    [...candidates].map(([id, seen]): [number, Behaviour] => {
      const changes = (side: boolean): number =>
        share(near, (isNear, index) => {
          // Whatever answers a crash is as good as it: only what worked before can be spoilt.
          if (isNear !== side || (!side && unchanged[index]?.crashed === true)) return null
          return seen[index]?.digest !== unchanged[index]?.digest
        })
      return [
        id,
        {
          changesElsewhere: changes(false),
          changesNear: changes(true),
          crashes: share(seen, ({ crashed }, index) => crashed && crashesForAll[index] === false),
        },
      ]
    }),
  )
}

/**
 * For each candidate the share, 0 … 1, of the others that do something else on some input; each counts by its weight,
 * so that what is hardly believed disputes little.
 */
export function disputedShares(
  { candidates }: Observation,
  weightOf: (id: number) => number,
): ReadonlyMap<number, number> {
  const signed = [...candidates].map(([id, seen]) => ({
    id,
    weight: weightOf(id),
    signature: signatureOf(seen),
  }))
  return new Map(
    signed.map(({ id, signature }) => {
      const others = signed.filter((other) => other.id !== id)
      const total = others.reduce((sum, { weight }) => sum + weight, 0)
      const against = others
        .filter((other) => other.signature !== signature)
        .reduce((sum, { weight }) => sum + weight, 0)
      return [id, total === 0 ? 0 : against / total]
    }),
  )
}

function signatureOf(seen: readonly Sighting[]): string {
  return seen.map(({ digest }) => digest).join()
}

/** Share of the items for which the test holds, leaving out those for which it is null. */
function share<T>(items: readonly T[], test: (item: T, index: number) => boolean | null): number {
  let asked = 0
  let held = 0
  for (const [index, item] of items.entries()) {
    const answer = test(item, index)
    if (answer === null) continue
    asked += 1
    if (answer) held += 1
  }
  return asked === 0 ? 0 : held / asked
}
