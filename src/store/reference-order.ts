/** Puts tables behind those that they refer to; what stands next to another otherwise keeps its place. */
export function inReferenceOrder<T extends { readonly name: string; readonly refersTo: readonly string[] }>(
  tables: readonly T[],
): readonly T[] {
  const placed: T[] = []
  let rest = tables
  while (rest.length > 0) {
    const missing = new Set(rest.map(({ name }) => name))
    const free = rest.filter(({ name, refersTo }) =>
      refersTo.every((other) => other === name || !missing.has(other)),
    )
    if (free.length === 0) throw new Error(`tables refer to each other: ${[...missing].join(', ')}`)
    placed.push(...free)
    rest = rest.filter((table) => !free.includes(table))
  }
  return placed
}
