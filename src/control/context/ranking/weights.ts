import { type FeatureName, featureNames, type Features } from './features.ts'

export type Weights = Readonly<Record<FeatureName, number>>

/**
 * Learnt on the fix commits of public repositories by `npm run bench -- retrieval`, which also says how they do on
 * repositories that they were not learnt on. `named` is not in that data: it is what a person would expect.
 */
export const learntWeights: Weights = {
  file: 0.7,
  chunk: 1.2,
  coverage: 0.3,
  identifiers: 0.5,
  path: 0.6,
  name: 0.5,
  definesIdentifier: 0.9,
  definesWord: 0.4,
  glued: 0.6,
  named: 3,
  similarCommits: 1,
  mostSimilarCommit: 0.4,
  recency: 0.1,
  length: -0.5,
  changedWithTop: 0.3,
  importsTop: 0.2,
  importedByTop: 0.4,
  importsRelevant: 0.2,
  importedByRelevant: 0.3,
}

/** Each feature divided by its largest value among the files. */
export function normalise(all: readonly Features[]): readonly Features[] {
  const largest = featureNames.map((name) => Math.max(1e-9, ...all.map((features) => features[name])))
  return all.map(
    (features) =>
      Object.fromEntries(
        featureNames.map((name, index) => [name, features[name] / (largest[index] ?? 1)]),
      ) as Record<FeatureName, number>,
  )
}

export function weigh(features: Features, weights: Weights): number {
  return featureNames.reduce((sum, name) => sum + features[name] * weights[name], 0)
}
