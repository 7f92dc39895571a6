import { useSyncExternalStore } from 'react'

/** Milliseconds between two readings of the clock, and what is read. */
const beats = new Map<number, { now: number; listeners: Set<() => void>; timer: number | undefined }>()

function beatOf(every: number) {
  const beat = beats.get(every) ?? { now: Date.now(), listeners: new Set<() => void>(), timer: undefined }
  beats.set(every, beat)
  return beat
}

/**
 * The time of day in milliseconds, which moves on every `every` milliseconds for all who ask alike: one timer, however
 * many ages a page shows.
 */
export function useNow(every = 15_000): number {
  return useSyncExternalStore(
    (listener) => {
      const beat = beatOf(every)
      beat.listeners.add(listener)
      beat.timer ??= window.setInterval(() => {
        beat.now = Date.now()
        for (const each of beat.listeners) each()
      }, every)
      return () => {
        beat.listeners.delete(listener)
        if (beat.listeners.size > 0) return
        window.clearInterval(beat.timer)
        beat.timer = undefined
      }
    },
    () => {
      const beat = beatOf(every)
      if (beat.listeners.size === 0) beat.now = Math.max(beat.now, Math.floor(Date.now() / every) * every)
      return beat.now
    },
  )
}
