import type { Logger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import {
  collectIndex,
  defaultRetention,
  indexCommit,
  type IndexReport,
  type Retention,
} from './indexing/index.ts'
import type { RepositorySource, Revision } from './ports.ts'
import type { TenantScope } from './scope.ts'

export interface IndexerOptions {
  readonly database: Database
  readonly logger: Logger
  readonly retention?: Retention
}

/** A commit to be indexed. */
export interface IndexingRequest {
  readonly source: RepositorySource
  readonly revision: Revision
}

interface Job {
  /** The commit that it indexes, if it does. */
  readonly commit: string | undefined
  readonly work: () => Promise<void>
}

/**
 * Keeps the index up with its repositories: commits are indexed in the background, one after the other, and what no
 * commit needs any more is removed. Whoever searches meanwhile is answered from what is complete.
 */
export class BackgroundIndexer {
  readonly #options: IndexerOptions
  readonly #stop = new AbortController()
  /** What waits, by kind and repository: a newer commit takes the place of an older one. */
  readonly #waiting = new Map<string, Job>()
  /** Commits that are being indexed. */
  readonly #pending = new Map<string, Promise<unknown>>()
  #working: Promise<void> | undefined

  constructor(options: IndexerOptions) {
    this.#options = options
  }

  /** Has a commit indexed soon. A failure is logged; the next question indexes the commit itself. */
  request(scope: TenantScope, { source, revision }: IndexingRequest): void {
    const key = keyOf(source.location, revision.commit)
    if (this.#pending.has(key) || this.#stop.signal.aborted) return
    this.#enqueue(`index ${source.location}`, {
      commit: key,
      work: async () => {
        await this.#track(key, () => this.#index(scope, { source, revision }))
        await this.#collect(scope, source.location)
      },
    })
  }

  /** Whether a commit is being indexed now, or will be soon. */
  isIndexing(location: string, commit: string): boolean {
    const key = keyOf(location, commit)
    return this.#pending.has(key) || [...this.#waiting.values()].some((job) => job.commit === key)
  }

  /** Indexes a commit now, or waits for it when it is being indexed; what nothing needs is removed afterwards. */
  async index(
    scope: TenantScope,
    request: IndexingRequest,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<IndexReport> {
    const { location } = request.source
    const key = keyOf(location, request.revision.commit)
    await this.#pending.get(key)?.catch(() => undefined)
    const report = await this.#track(key, () => this.#index(scope, request, onProgress))
    if (report.read > 0) {
      this.#enqueue(`collect ${location}`, { commit: undefined, work: () => this.#collect(scope, location) })
    }
    return report
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  /** Ends what is under way at the next occasion. What was stored is used by the next index of the same content. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#waiting.clear()
    await this.settled()
  }

  #index(
    scope: TenantScope,
    request: IndexingRequest,
    onProgress?: (done: number, total: number) => void,
  ): Promise<IndexReport> {
    const { signal } = this.#stop
    const progress = onProgress === undefined ? {} : { onProgress }
    return indexCommit(this.#options.database, scope, { ...request, ...progress, signal })
  }

  async #collect(scope: TenantScope, location: string): Promise<void> {
    const { database, retention = defaultRetention } = this.#options
    await collectIndex(database, scope, location, { retention, signal: this.#stop.signal })
  }

  async #track<T>(key: string, work: () => Promise<T>): Promise<T> {
    const working = work()
    this.#pending.set(key, working)
    try {
      return await working
    } finally {
      if (this.#pending.get(key) === working) this.#pending.delete(key)
    }
  }

  #enqueue(name: string, job: Job): void {
    if (this.#stop.signal.aborted) return
    this.#waiting.delete(name)
    this.#waiting.set(name, job)
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    for (const [name, { work }] of this.#waiting) {
      this.#waiting.delete(name)
      try {
        await work()
      } catch (error) {
        if (!this.#stop.signal.aborted)
          this.#options.logger.log(
            'warn',
            { error: String(error), work: name },
            'indexing in the background failed',
          )
      }
    }
    this.#working = undefined
  }
}

function keyOf(location: string, commit: string): string {
  return `${commit} ${location}`
}
