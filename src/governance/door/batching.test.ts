import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AtelierError } from '../../kernel/index.ts'
import { createBatching } from './batching.ts'
import type { BatchingOptions } from './batching.ts'

const options: BatchingOptions<string> = {
  size: 10,
  weight: 1000,
  weigh: (item) => item.length,
  keyOf: (item) => item,
}

/** Work that ends when it is told to, and remembers its batches. */
function controlled(overrides: Partial<BatchingOptions<string>> = {}) {
  const batches: (readonly string[])[] = []
  const gates: PromiseWithResolvers<undefined>[] = []
  const submit = createBatching<string, string>(
    async (items) => {
      batches.push(items)
      const gate = Promise.withResolvers<undefined>()
      gates.push(gate)
      await gate.promise
      return items.map((item) => item.toUpperCase())
    },
    { ...options, ...overrides },
  )
  /** Lets batches end as they come, until nothing is left to do. */
  const finish = async <T>(results: Promise<T>): Promise<T> => {
    const progress = { done: false }
    const settled = results.finally(() => {
      progress.done = true
    })
    while (!progress.done) {
      gates.shift()?.resolve(undefined)
      await nextTurn()
    }
    return settled
  }
  return { submit, batches, finish }
}

describe('natural batching', () => {
  it('does at once what is asked for alone', async () => {
    const { submit, batches, finish } = controlled()
    expect(await finish(submit('lane', 'a'))).toBe('A')
    expect(batches).toEqual([['a']])
  })

  it('does together what is asked for while a batch is under way, and answers each its own', async () => {
    const { submit, batches, finish } = controlled()
    const first = submit('lane', 'a')
    while (batches.length === 0) await nextTurn()
    const others = ['b', 'c', 'd'].map((item) => submit('lane', item))
    expect(await finish(Promise.all([first, ...others]))).toEqual(['A', 'B', 'C', 'D'])
    expect(batches).toEqual([['a'], ['b', 'c', 'd']])
  })

  it('keeps lanes apart', async () => {
    const { submit, batches, finish } = controlled()
    await finish(Promise.all([submit('one', 'a'), submit('two', 'b')]))
    expect(batches).toEqual([['a'], ['b']])
  })

  it('makes no batch too large or too heavy, or with the same key twice', async () => {
    const items = ['a', 'b', 'c', 'heavy', 'heavier', 'd', 'd', 'd']
    const { submit, batches, finish } = controlled({ size: 3, weight: 6 })
    await finish(Promise.all(items.map((item) => submit('lane', item))))
    expect(batches).toEqual([['a', 'b', 'c'], ['heavy'], ['heavier'], ['d'], ['d'], ['d']])
  })
})

describe('a batch that fails', () => {
  const failing = (fails: (item: string, tries: number) => Error | undefined) => {
    const tries = new Map<string, number>()
    const batches: (readonly string[])[] = []
    const submit = createBatching<string, string>((items) => {
      batches.push(items)
      for (const item of items) {
        tries.set(item, (tries.get(item) ?? 0) + 1)
        const failure = fails(item, tries.get(item)!)
        if (failure !== undefined) return Promise.reject(failure)
      }
      return Promise.resolve(items)
    }, options)
    const outcomes = async (...items: string[]): Promise<unknown[]> => {
      const settled = await Promise.allSettled(items.map((item) => submit('lane', item)))
      return settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as unknown)))
    }
    return { outcomes, batches }
  }

  it('is done again one by one, so that one item harms no other', async () => {
    const poison = new Error('poison')
    const { outcomes, batches } = failing((item) => (item === 'b' ? poison : undefined))
    expect(await outcomes('a', 'b', 'c')).toEqual(['a', poison, 'c'])
    expect(batches).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']])
  })

  it('is tried once more alone where that may help, and no more', async () => {
    const busy = new AtelierError({
      code: 'ATL_TEST_BUSY',
      summary: 'Busy',
      remedy: 'Wait.',
      retryable: true,
    })
    const { outcomes, batches } = failing((item, tries) =>
      item === 'never' || (item === 'second' && tries === 1) ? busy : undefined,
    )
    expect(await outcomes('second')).toEqual(['second'])
    expect(await outcomes('never')).toEqual([busy])
    expect(batches).toHaveLength(4)
  })

  it('does not end the lane', async () => {
    const { outcomes } = failing((item) => (item === 'bad' ? new Error('bad') : undefined))
    await outcomes('bad')
    expect(await outcomes('good')).toEqual(['good'])
  })
})
