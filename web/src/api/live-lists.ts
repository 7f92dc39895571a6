import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { studio } from './client.ts'

/** Milliseconds in which events are gathered before lists are read again. */
const gatherMs = 1000

/** Kinds of events after which a run stands elsewhere in a list, or somebody is asked something. */
const telling = /^run-|^step-waiting$|^step-ended$/

/** Keeps lists and the inbox up to date with what happens in any run, as long as the component is shown. */
export function useLiveLists(): void {
  const cache = useQueryClient()
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const readAgain = (): void => {
      timer = undefined
      void cache.invalidateQueries({ queryKey: ['runs'] })
      void cache.invalidateQueries({ queryKey: ['inbox'] })
    }
    const follow = async (): Promise<void> => {
      for await (const { kind } of studio.watchTenant({ signal: abort.signal })) {
        if (telling.test(kind)) timer ??= setTimeout(readAgain, gatherMs)
      }
    }
    // Without the stream, lists are still read again from time to time.
    follow().catch(() => undefined)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [cache])
}
