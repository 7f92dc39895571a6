import type { Candidate, CandidateOutcome } from '../model.ts'

/** Half repairs kept for every set of tests that they make pass. */
const keptPerSet = 10
const mostPairs = 400

/**
 * Joins half repairs: pairs of partial candidates that together make every failing test pass. Best pairs first, each
 * pair once; `nextId` gives fresh ids.
 */
export function pairPartials(
  partials: readonly CandidateOutcome[],
  failing: readonly string[],
  known: Set<string>,
  nextId: () => number,
): readonly Candidate[] {
  const groups = new Map<string, CandidateOutcome[]>()
  for (const partial of partials) {
    const key = [...partial.fixed].sort().join('\0')
    const group = groups.get(key) ?? []
    if (group.length < keptPerSet) groups.set(key, [...group, partial])
  }
  const kept = [...groups.values()].flat()
  const pairs: { readonly left: Candidate; readonly right: Candidate; readonly prior: number }[] = []
  for (const [index, left] of kept.entries()) {
    for (const right of kept.slice(index + 1)) {
      const together = new Set([...left.fixed, ...right.fixed])
      if (together.size <= Math.max(left.fixed.length, right.fixed.length)) continue
      if (!failing.every((id) => together.has(id))) continue
      const [first, second] = [left.candidate, right.candidate]
      const key = `${first.id}+${second.id}`
      if (known.has(key) || !areDisjoint(first, second)) continue
      known.add(key)
      pairs.push({ left: first, right: second, prior: Math.sqrt(first.prior * second.prior) })
    }
  }
  return pairs
    .sort((one, other) => other.prior - one.prior)
    .slice(0, mostPairs)
    .map(({ left, right }) => joined(left, right, nextId()))
}

/** Both edits as one candidate. */
export function joined(left: Candidate, right: Candidate, id: number): Candidate {
  return {
    id,
    edits: [...left.edits, ...right.edits],
    template: `${left.template} + ${right.template}`,
    prior: Math.sqrt(left.prior * right.prior),
    line: Math.min(left.line, right.line),
    description: `${left.description}, and ${right.description}`,
  }
}

/** Whether two candidates touch different text. */
export function areDisjoint(left: Candidate, right: Candidate): boolean {
  return left.edits.every((one) =>
    right.edits.every((other) => one.file !== other.file || one.end < other.start || other.end < one.start),
  )
}
