import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { studio } from './client.ts'
import { whileVisible } from './while-visible.ts'

/** Milliseconds in which events are gathered before lists are read again. */
const gatherMs = 1000

/** Kinds of events after which a run stands elsewhere in a list, or somebody is asked something. */
const telling = /^run-|^step-waiting$|^step-ended$/

/** Name of the lock and of the channel by which the tabs of a browser share one stream. */
const shared = 'atelier-live-lists'

/** Keeps lists and the inbox up to date with what happens in any run, as long as the component is shown. */
export function useLiveLists(): void {
  const cache = useQueryClient()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const readAgain = (): void => {
      timer = undefined
      void cache.invalidateQueries({ queryKey: ['runs'] })
      void cache.invalidateQueries({ queryKey: ['inbox'] })
    }
    const tell = (): void => {
      timer ??= setTimeout(readAgain, gatherMs)
    }
    const end = whileVisible((signal) => {
      const tabs = new BroadcastChannel(shared)
      tabs.addEventListener('message', tell)
      signal.addEventListener('abort', () => tabs.close())
      const follow = async (): Promise<void> => {
        for await (const { kind } of studio.watchTenant({ signal })) {
          if (!telling.test(kind)) continue
          tell()
          tabs.postMessage(kind)
        }
      }
      // Without the stream, lists are still read again from time to time.
      oneOfTheTabs(follow, signal).catch(() => undefined)
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [cache])
}

/** Has one tab follow for all, and the next one when that is closed; each for itself where browsers have no locks. */
async function oneOfTheTabs(follow: () => Promise<void>, signal: AbortSignal): Promise<void> {
  if (!window.isSecureContext) return follow()
  await navigator.locks.request(shared, { signal }, follow)
}
