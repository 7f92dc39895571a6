import { useEffect, useState } from 'react'
import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import { studio, type RunEvent } from './client.ts'
import { runQuery } from './queries.ts'
import { whileVisible } from './while-visible.ts'

/** Milliseconds in which events are gathered before the page shows them, and before the run is read again. */
const gatherMs = 80
const readAgainMs = 500

const noEvents: readonly RunEvent[] = []

const eventsKey = (runId: string) => ['run-events', runId]

export interface RunEvents {
  /** From the first one on, in order. */
  readonly events: readonly RunEvent[]
  /** Why nothing more comes, where that is not the end of the run. */
  readonly failure: unknown
}

/**
 * What happens in a run, as it happens. The stream goes on where it was cut, and the run itself is read again as events
 * come in. Events stay in the cache, so coming back to a run asks only for what is new.
 */
export function useRunEvents(runId: string): RunEvents {
  const cache = useQueryClient()
  const { data: events = noEvents } = useQuery<readonly RunEvent[]>({
    queryKey: eventsKey(runId),
    queryFn: skipToken,
  })
  const [failed, setFailed] = useState<{ readonly runId: string; readonly failure: unknown }>()

  useEffect(() => {
    const known = (): readonly RunEvent[] => cache.getQueryData(eventsKey(runId)) ?? noEvents
    let gathered: RunEvent[] = []
    let showing: ReturnType<typeof setTimeout> | undefined
    let reading: ReturnType<typeof setTimeout> | undefined

    const show = (): void => {
      showing = undefined
      cache.setQueryData(eventsKey(runId), [...known(), ...gathered])
      gathered = []
    }
    const readAgain = (): void => {
      reading = undefined
      void cache.invalidateQueries(runQuery(runId))
    }
    const follow = async (signal: AbortSignal): Promise<void> => {
      const last = known().at(-1)?.sequence
      const position = last === undefined ? {} : { lastEventId: String(last) }
      for await (const event of studio.watchRun({ params: { runId }, signal, ...position })) {
        gathered.push(event)
        showing ??= setTimeout(show, gatherMs)
        if (event.kind !== 'progress' && event.kind !== 'log') reading ??= setTimeout(readAgain, readAgainMs)
      }
      if (signal.aborted) return
      if (gathered.length > 0) show()
      readAgain()
    }
    const end = whileVisible((signal) => {
      follow(signal).catch((failure: unknown) => {
        if (!signal.aborted) setFailed({ runId, failure })
      })
    })
    return () => {
      end()
      clearTimeout(showing)
      clearTimeout(reading)
    }
  }, [cache, runId])

  return { events, failure: failed?.runId === runId ? failed.failure : undefined }
}
