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
