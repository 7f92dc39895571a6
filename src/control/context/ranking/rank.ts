import type { Query } from '../words/query.ts'
import type { Candidates } from './candidates.ts'
import { type Evidence, type FeatureName, featureNames, type Features, gatherEvidence } from './features.ts'
import { buildImportGraph, type ImportGraph } from './import-graph.ts'
import type { OutlineView } from '../indexing/outline-format.ts'
import type { Past } from './past.ts'
import { normalise, weigh, type Weights } from './weights.ts'

/** What connects a file with one that ranks high. */
export interface Edge {
  readonly kind: 'imports' | 'imported-by' | 'changed-with'
  readonly path: string
}

/** A file in its place, and why. */
export interface RankedFile {
  readonly path: string
  readonly score: number
  readonly evidence: Evidence
  /** Normalised. */
  readonly features: Features
  /** What connects it with the files on top. */
  readonly edges: () => readonly Edge[]
}

const topOfChanges = 5
const topOfImports = 8

/** Orders the candidates: first each by itself, then with regard to what surrounds those that came out on top. */
export function rankFiles(
  query: Query,
  found: Candidates,
  outlines: ReadonlyMap<number, OutlineView>,
  past: Past,
  weights: Weights,
): readonly RankedFile[] {
  const evidence = gatherEvidence(query, found, outlines, past)
  const alone = normalise(evidence.map(({ features }) => features)).map((features) =>
    weigh(features, weights),
  )
  const order = [...alone.keys()].toSorted((one, other) => (alone[other] ?? 0) - (alone[one] ?? 0))
  const graph = buildImportGraph(
    evidence.map(({ candidate, outline }) => ({ path: candidate.path, imports: outline.imports })),
  )
  const surroundings = new Surroundings(evidence, alone, order, graph, past)
  const features = normalise(
    evidence.map((one, index) => ({ ...one.features, ...surroundings.features(index) })),
  )
  return evidence
    .map((one, index): RankedFile => {
      const own = features[index] ?? one.features
      return {
        path: one.candidate.path,
        score: weigh(own, weights),
        evidence: one,
        features: own,
        edges: () => surroundings.edges(index),
      }
    })
    .toSorted((one, other) => other.score - one.score || (one.path < other.path ? -1 : 1))
}

/** The features that contributed most, largest first. */
export function reasonsOf(file: RankedFile, weights: Weights): readonly FeatureName[] {
  return featureNames
    .filter((name) => file.features[name] * weights[name] > 0)
    .toSorted((one, other) => file.features[other] * weights[other] - file.features[one] * weights[one])
}

/** What a preliminary order says about files by way of the import graph and of joint changes. */
class Surroundings {
  readonly #evidence: readonly Evidence[]
  readonly #scores: readonly number[]
  readonly #graph: ImportGraph
  readonly #top: readonly number[]
  readonly #changed: ReadonlyMap<string, number>
  readonly #past: Past

  constructor(
    evidence: readonly Evidence[],
    scores: readonly number[],
    order: readonly number[],
    graph: ImportGraph,
    past: Past,
  ) {
    this.#evidence = evidence
    this.#scores = scores
    this.#graph = graph
    this.#top = order.slice(0, topOfImports)
    this.#past = past
    this.#changed = past.changedWith(this.#topPaths())
  }

  features(index: number): Partial<Features> {
    const importedBy = this.#graph.importedBy[index] ?? []
    return {
      changedWithTop: this.#changed.get(this.#path(index)) ?? 0,
      importedByTop: importedBy.filter((other) => this.#top.includes(other)).length,
      importedByRelevant: this.#best(importedBy),
    }
  }

  edges(index: number): readonly Edge[] {
    const path = this.#path(index)
    const toTop = (kind: Edge['kind'], others: readonly number[] = []): Edge[] =>
      others
        .filter((other) => this.#top.includes(other))
        .slice(0, 2)
        .map((other) => ({ kind, path: this.#path(other) }))
    const together = this.#topPaths().filter(
      (other) => other !== path && this.#past.changedWith([other]).has(path),
    )
    return [
      ...toTop('imports', this.#graph.imports[index]),
      ...toTop('imported-by', this.#graph.importedBy[index]),
      ...together.slice(0, 2).map((other): Edge => ({ kind: 'changed-with', path: other })),
    ]
  }

  #path(index: number): string {
    return this.#evidence[index]?.candidate.path ?? ''
  }

  #topPaths(): readonly string[] {
    return this.#top.slice(0, topOfChanges).map((index) => this.#path(index))
  }

  /** The score of the best of these files. */
  #best(indices: readonly number[]): number {
    return Math.max(0, ...indices.map((index) => this.#scores[index] ?? 0))
  }
}
