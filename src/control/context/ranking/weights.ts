import { type FeatureName, featureNames, type Features } from './features.ts'

export type Weights = Readonly<Record<FeatureName, number>>

/**
 * Learnt by `npm run bench -- retrieval` on fix commits of large repositories in six languages and on the issues that
 * some of them name. `named` and `framed` are rare in that data and set by hand: whoever names a path means it.
 */
export const learntWeights: Weights = {
  file: 1.6,
  chunk: 1.7,
  chunks: 1.6,
  titleChunk: 0.3,
  chunkCoverage: 0.65,
  symbolWords: 0.4,
  coverage: 0.2,
  identifiers: 0.35,
  path: 0.75,
  titlePath: 1,
  scope: 1,
  definesIdentifier: 0.9,
  glued: 0.6,
  named: 1.5,
  framed: 0.5,
  similarCommits: 0.55,
  mostSimilarCommit: 1.15,
  recency: 0.45,
  churn: 0.2,
  changedWithTop: 0.1,
  importedByTop: 0.2,
  importedByRelevant: 0.6,
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
