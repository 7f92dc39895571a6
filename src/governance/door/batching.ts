import { AtelierError } from '../../kernel/index.ts'

/** Does one piece of work of a lane, together with whatever else is asked for in the same lane meanwhile. */
export type Batched<I, O> = (lane: string, item: I) => Promise<O>

export interface BatchingOptions<I> {
  /** Items in a batch at most. */
  readonly size: number
  /** Sum of what the items of a batch weigh at most, unless one alone weighs more. */
  readonly weight: number
  readonly weigh: (item: I) => number
  /** No two items of a batch have the same key. */
  readonly keyOf: (item: I) => string
}

interface Pending<I, O> {
  readonly item: I
  readonly resolve: (outcome: O) => void
  readonly reject: (error: unknown) => void
}

/**
 * Natural batching: what is asked for while a batch is under way goes together into the next one, so nobody waits to be
 * joined by others, and the cost of a transaction is divided among all who wait for it.
 *
 * `work` does all items in one transaction or fails without having done any. Then each is done again in a batch of its
 * own, so that one that cannot be done harms no other. One that fails alone is tried once more if that may help: the
 * connection was lost, or another process was in the way.
 */
export function createBatching<I, O>(
  work: (items: readonly I[]) => Promise<readonly O[]>,
  options: BatchingOptions<I>,
): Batched<I, O> {
  const lanes = new Map<string, Pending<I, O>[]>()

  const alone = async ({ item, resolve, reject }: Pending<I, O>): Promise<void> => {
    const once = async (): Promise<void> => resolve(onlyOne(await work([item])))
    await once()
      .catch((error: unknown) => (mayHelp(error) ? once() : Promise.reject(error as Error)))
      .catch(reject)
  }
  const together = async (batch: readonly Pending<I, O>[]): Promise<void> => {
    try {
      const outcomes = await work(batch.map(({ item }) => item))
      for (const [index, outcome] of outcomes.entries()) batch[index]?.resolve(outcome)
    } catch {
      await Promise.all(batch.map(alone))
    }
  }
  const drain = async (lane: string, queue: Pending<I, O>[]): Promise<void> => {
    while (queue.length > 0) {
      // What is asked for in the same turn of the event loop goes into the same batch.
      await new Promise((resolve) => setImmediate(resolve))
      const batch = takeBatch(queue, options)
      await (batch.length === 1 ? Promise.all(batch.map(alone)) : together(batch))
    }
    lanes.delete(lane)
  }
  return (lane, item) =>
    new Promise<O>((resolve, reject) => {
      const queue = lanes.get(lane)
      if (queue !== undefined) {
        queue.push({ item, resolve, reject })
        return
      }
      const created = [{ item, resolve, reject }]
      lanes.set(lane, created)
      void drain(lane, created)
    })
}

function takeBatch<I, O>(queue: Pending<I, O>[], options: BatchingOptions<I>): readonly Pending<I, O>[] {
  const keys = new Set<string>()
  let weight = 0
  for (const { item } of queue) {
    const key = options.keyOf(item)
    weight += options.weigh(item)
    const full = keys.size === options.size || weight > options.weight || keys.has(key)
    if (keys.size > 0 && full) break
    keys.add(key)
  }
  return queue.splice(0, keys.size)
}

function onlyOne<O>(outcomes: readonly O[]): O {
  const [outcome] = outcomes
  if (outcome === undefined || outcomes.length > 1) throw new Error('a batch of one has no single outcome')
  return outcome
}

function mayHelp(error: unknown): boolean {
  return error instanceof AtelierError && error.retryable
}
