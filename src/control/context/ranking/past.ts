import { inverseFrequency, saturation } from './bm25.ts'

/** A past commit as the index keeps it. */
export interface IndexedCommit {
  readonly commit: string
  readonly committedAt: Date
  readonly terms: readonly string[]
  /** Only those that the reader may read. */
  readonly paths: readonly string[]
}

/** What past commits say about a file for one query. */
export interface PastEvidence {
  /** Of similar commits together, and of the most similar one. */
  readonly similar: number
  readonly mostSimilar: number
  readonly commit: string
}

const mostCommits = 40
const dayMs = 86_400_000
/** Days after which a change counts half. */
const recentDays = 60
/** Days after which a change counts half towards how much a file is changed. */
const churnDays = 180

/** What can be learnt from the commits before a commit. */
export class Past {
  readonly #commits: readonly IndexedCommit[]
  readonly #byTerm = new Map<string, number[]>()
  readonly #byPath = new Map<string, number[]>()
  readonly #meanLength: number
  /** A search asks twice: for candidates, and for what speaks for them. */
  readonly #similar = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, PastEvidence>>()

  /** @param commits newest first. */
  constructor(commits: readonly IndexedCommit[]) {
    this.#commits = commits.filter(({ paths }) => paths.length > 0)
    for (const [index, { terms, paths }] of this.#commits.entries()) {
      for (const term of terms) append(this.#byTerm, term, index)
      for (const path of paths) append(this.#byPath, path, index)
    }
    const length = this.#commits.reduce((sum, { terms }) => sum + terms.length, 0)
    this.#meanLength = length / Math.max(1, this.#commits.length)
  }

  /** Files that commits with similar messages touched. */
  similar(terms: ReadonlyMap<string, number>): ReadonlyMap<string, PastEvidence> {
    const known = this.#similar.get(terms) ?? this.#findSimilar(terms)
    this.#similar.set(terms, known)
    return known
  }

  #findSimilar(terms: ReadonlyMap<string, number>): ReadonlyMap<string, PastEvidence> {
    const scores = new Map<number, number>()
    for (const [term, weight] of terms) {
      const commits = this.#byTerm.get(term) ?? []
      const inverse = inverseFrequency(this.#commits.length, commits.length)
      for (const index of commits) {
        const relative = (this.#commits[index]?.terms.length ?? 0) / this.#meanLength
        const gain = Math.sqrt(weight) * inverse * saturation(1, relative, 1.2, 0.75)
        scores.set(index, (scores.get(index) ?? 0) + gain)
      }
    }
    const best = [...scores]
      .toSorted((one, other) => other[1] - one[1] || one[0] - other[0])
      .slice(0, mostCommits)
    const evidence = new Map<string, PastEvidence>()
    for (const [index, score] of best) {
      const past = this.#commits[index]
      if (past === undefined) continue
      const credit = score / Math.sqrt(past.paths.length)
      for (const path of past.paths) {
        const known = evidence.get(path) ?? { similar: 0, mostSimilar: 0, commit: past.commit }
        const isBest = credit > known.mostSimilar
        evidence.set(path, {
          similar: known.similar + credit,
          mostSimilar: isBest ? credit : known.mostSimilar,
          commit: isBest ? past.commit : known.commit,
        })
      }
    }
    return evidence
  }

  /** How much the files were changed together with these: the sum over commits of one part of the commit. */
  changedWith(paths: readonly string[]): ReadonlyMap<string, number> {
    const together = new Map<string, number>()
    for (const path of paths) {
      const own = this.#byPath.get(path) ?? []
      for (const index of own) {
        const touched = this.#commits[index]?.paths ?? []
        for (const other of touched) {
          if (other === path) continue
          together.set(other, (together.get(other) ?? 0) + 1 / (touched.length * Math.sqrt(own.length)))
        }
      }
    }
    return together
  }

  /** How often the file was changed, where changes long ago count less. What is changed much is changed again. */
  churn(path: string): number {
    const newest = this.#commits[0]?.committedAt.getTime() ?? 0
    let sum = 0
    for (const index of this.#byPath.get(path) ?? []) {
      const age = newest - (this.#commits[index]?.committedAt.getTime() ?? 0)
      sum += 1 / (1 + Math.max(0, age) / (churnDays * dayMs))
    }
    return Math.log(1 + sum)
  }

  /** From 1 for what the newest commit changed towards 0. */
  recency(path: string): number {
    const newest = this.#commits[0]?.committedAt.getTime()
    const last = this.#commits[this.#byPath.get(path)?.[0] ?? -1]?.committedAt.getTime()
    if (newest === undefined || last === undefined) return 0
    return 1 / (1 + Math.max(0, newest - last) / (recentDays * dayMs))
  }
}

function append(index: Map<string, number[]>, key: string, value: number): void {
  const list = index.get(key)
  if (list === undefined) index.set(key, [value])
  else list.push(value)
}
