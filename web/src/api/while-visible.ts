/** Milliseconds that a page may be hidden before it stops: going back and forth between tabs costs nothing. */
const graceMs = 10_000

/**
 * Does something for as long as the page can be seen, and anew each time it is shown again. Browsers open few connections to
 * one server for all tabs together, so that streams of tabs nobody looks at would keep the others waiting.
 * @returns what ends it.
 */
export function whileVisible(work: (signal: AbortSignal) => void): () => void {
  let working: AbortController | undefined
  let leaving: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    working?.abort()
    working = undefined
  }
  const look = (): void => {
    clearTimeout(leaving)
    if (document.visibilityState === 'hidden') {
      leaving = setTimeout(stop, graceMs)
      return
    }
    if (working !== undefined) return
    working = new AbortController()
    work(working.signal)
  }
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    document.removeEventListener('visibilitychange', look)
    clearTimeout(leaving)
    stop()
  }
}
