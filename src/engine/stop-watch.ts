import type { Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import { firstLine } from './leaves.ts'
import type { StepRunner } from './step-runner.ts'

export interface StopWatchOptions {
  readonly database: Database
  readonly logger: Logger
  readonly runner: StepRunner
}

const intervalMs = 250

/** Finds out which of the runs that this process performs steps for were stopped by another process. */
export class StopWatch {
  readonly #options: StopWatchOptions
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(options: StopWatchOptions) {
    this.#options = options
  }

  begin(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (!this.#ended) this.begin()
      })
    }, intervalMs)
    this.#timer.unref()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const { database, logger, runner } = this.#options
    const runs = runner.runs()
    if (runs.length === 0) return
    try {
      const stopped = await database.transaction({ kind: 'system' }, (tx) =>
        tx
          .selectFrom('runs')
          .select(['tenant_id', 'run_id'])
          .where('phase', '=', 'stopping')
          .where('run_id', 'in', [...new Set(runs.map(({ runId }) => runId))])
          .execute(),
      )
      for (const { tenant_id: tenantId, run_id: runId } of stopped) runner.stopRun(tenantId, runId)
    } catch (error) {
      logger.log('debug', { error: firstLine(error) }, 'could not look for stopped runs')
    }
  }
}
