import { type FeatureName, featureNames, type Features } from './features.ts'

export type Weights = Readonly<Record<FeatureName, number>>

/**
 * Learnt by `npm run bench -- retrieval` on fix commits of large repositories in six languages and on the issues that
 * some of them name. `named` and `framed` are rare in that data and set by hand: whoever names a path means it.
 */
export const learntWeights: Weights = {
  file: 1.62,
  chunk: 1.88,
  chunks: 1.39,
  titleChunk: 0.13,
  chunkCoverage: 0.75,
  symbolWords: 0.35,
  coverage: 0.33,
  identifiers: 0.44,
  path: 0.66,
  titlePath: 1,
  scope: 1.21,
  definesIdentifier: 0.89,
  glued: 0.73,
  named: 1.5,
  framed: 0.5,
  similarCommits: 0.51,
  mostSimilarCommit: 1.08,
  recency: 0.51,
  churn: 0.18,
  changedWithTop: 0.11,
  importedByTop: 0.34,
  importedByRelevant: 0.38,
}

/** Each feature divided by its largest value among the files. */
export function normalise(all: readonly Features[]): readonly Features[] {
  const largest = { ...all[0] } as Record<FeatureName, number>
  for (const name of featureNames) {
    let most = 1e-9
    for (const features of all) most = Math.max(most, features[name])
    largest[name] = most
  }
  return all.map((features) => {
    const own: Record<FeatureName, number> = { ...features }
    for (const name of featureNames) own[name] /= largest[name]
    return own
  })
}

export function weigh(features: Features, weights: Weights): number {
  let sum = 0
  for (const name of featureNames) sum += features[name] * weights[name]
  return sum
}
