/** The candidates of one case, each with its features, and whether the fix changed it. */
export interface RankedCase {
  readonly candidates: readonly { readonly features: readonly number[]; readonly isTrue: boolean }[]
}

/**
 * What learning begins at and is drawn towards, in the order of the features: weights measured on 1,920 fix commits of
 * eight large repositories in five languages. The weights that the studio ships have seen the repositories below
 * `--mirrors`; these have not.
 */
export const priorWeights: Readonly<Record<string, number>> = {
  file: 0.7,
  chunk: 1.2,
  coverage: 0.3,
  identifiers: 0.7,
  path: 1,
  definesIdentifier: 1.2,
  glued: 0.6,
  similarCommits: 1,
  mostSimilarCommit: 0.4,
  recency: 0.1,
  length: -0.5,
  changedWithTop: 0.3,
  importedByTop: 0.4,
  importsRelevant: 0.2,
  importedByRelevant: 0.3,
}

const epochs = 40
const learningRate = 0.08
const regularisation = 0.0005
/** Wrong candidates that a true one is compared with, those that rank highest. */
const rivals = 30

/**
 * Learns weights for which true candidates come before others: stochastic gradient descent on the logistic loss over
 * pairs, beginning at and drawn towards `start`. Deterministic.
 */
export function learnWeights(cases: readonly RankedCase[], start: readonly number[]): readonly number[] {
  let weights = [...start]
  const average = weights.map(() => 0)
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const rate = learningRate / (1 + epoch / 10)
    for (const one of cases) weights = step(weights, start, one, rate)
    for (const [index, weight] of weights.entries()) average[index] = (average[index] ?? 0) + weight / epochs
  }
  return average
}

function step(weights: readonly number[], start: readonly number[], one: RankedCase, rate: number): number[] {
  const scored = one.candidates.map((candidate) => ({
    ...candidate,
    score: dot(weights, candidate.features),
  }))
  const others = scored
    .filter(({ isTrue }) => !isTrue)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, rivals)
  const truths = scored.filter(({ isTrue }) => isTrue)
  const gradient = weights.map((weight, index) => regularisation * (weight - (start[index] ?? 0)))
  for (const truth of truths) {
    for (const [place, other] of others.entries()) {
      // Order matters most at the top.
      const importance = 1 / Math.log2(2 + place) / truths.length
      const slope = importance / (1 + Math.exp(truth.score - other.score))
      for (const index of weights.keys())
        gradient[index] =
          (gradient[index] ?? 0) - slope * ((truth.features[index] ?? 0) - (other.features[index] ?? 0))
    }
  }
  return weights.map((weight, index) => weight - rate * (gradient[index] ?? 0))
}

export function dot(weights: readonly number[], features: readonly number[]): number {
  return features.reduce((sum, feature, index) => sum + feature * (weights[index] ?? 0), 0)
}
