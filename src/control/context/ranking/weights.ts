import { type FeatureName, featureNames, type Features } from './features.ts'

export type Weights = Readonly<Record<FeatureName, number>>

/**
 * Halfway between weights measured on 1,920 fix commits of large repositories in five languages and what
 * `npm run bench -- retrieval` learns, so that neither sort of repository rules. `named` is not in that data: whoever
 * names a path means it.
 */
export const learntWeights: Weights = {
  file: 1.4,
  chunk: 0.9,
  coverage: 0.7,
  identifiers: 0.3,
  path: 1.1,
  name: 0.2,
  definesIdentifier: 0.6,
  definesWord: 0.5,
  glued: 0.2,
  named: 3,
  similarCommits: 1.05,
  mostSimilarCommit: 0.5,
  recency: 0.2,
  length: 0.3,
  changedWithTop: 0.15,
  importsTop: 0,
  importedByTop: 0.45,
  importsRelevant: 0.3,
  importedByRelevant: 0.45,
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
