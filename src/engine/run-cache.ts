import type { LiveRun } from './live-run.ts'

const mostRuns = 1000

/** Runs as this process last wrote them. Whether one is still true is for the revision in the database to say. */
export class RunCache {
  readonly #runs = new Map<string, LiveRun>()

  get(tenantId: string, runId: string): LiveRun | undefined {
    return this.#runs.get(key(tenantId, runId))
  }

  put(run: LiveRun): void {
    const id = key(run.tenantId, run.header.runId)
    this.#runs.delete(id)
    if (run.header.phase === 'ended') return
    this.#runs.set(id, run)
    const [oldest] = this.#runs.keys()
    if (this.#runs.size > mostRuns && oldest !== undefined) this.#runs.delete(oldest)
  }

  drop(tenantId: string, runId: string): void {
    this.#runs.delete(key(tenantId, runId))
  }
}

function key(tenantId: string, runId: string): string {
  return `${tenantId}/${runId}`
}
