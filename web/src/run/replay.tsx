import { lazy, Suspense, useEffect, useState } from 'react'
import { Pause, Play } from 'lucide-react'
import type { Run, RunEvent } from '../api/index.ts'
import { Button, Skeleton } from '../ui/index.ts'
import { describeEvent, momentsAfter } from './run-history.ts'
import styles from './replay.module.css'

const PlanGraph = lazy(async () => ({ default: (await import('./plan-graph.tsx')).PlanGraph }))

/** Milliseconds between two events while it plays, whatever lay between them when they happened. */
const beat = 350

/** How the run came about: the plan as it was after each event, forwards and backwards. */
export function Replay({ run, events }: { readonly run: Run; readonly events: readonly RunEvent[] }) {
  const [count, setCount] = useState<number>()
  const [playing, setPlaying] = useState(false)
  const at = Math.min(count ?? events.length, events.length)
  const isPlaying = playing && at < events.length
  const event = events[at - 1]

  useEffect(() => {
    if (!isPlaying) return undefined
    const timer = setInterval(() => setCount((before = 0) => before + 1), beat)
    return () => clearInterval(timer)
  }, [isPlaying])

  const play = (): void => {
    if (at >= events.length) setCount(0)
    setPlaying(!isPlaying)
  }
  const titleOf = (stepId: string | null): string => run.steps.find(({ id }) => id === stepId)?.title ?? 'Run'

  return (
    <div className={styles['replay']}>
      <Suspense fallback={<Skeleton lines={5} />}>
        <PlanGraph
          moments={momentsAfter(run.steps, events, at)}
          selected={event?.stepId ?? undefined}
          onSelect={(stepId) => {
            setPlaying(false)
            setCount(events.findIndex((each) => each.stepId === stepId) + 1)
          }}
        />
      </Suspense>
      <div className={styles['controls']}>
        <Button
          icon={isPlaying ? <Pause size={15} aria-hidden /> : <Play size={15} aria-hidden />}
          onClick={play}
        >
          {isPlaying ? 'Pause' : 'Play'}
        </Button>
        <input
          type="range"
          aria-label="Event"
          min={0}
          max={events.length}
          value={at}
          aria-valuetext={
            event === undefined ? 'Before the start' : `${titleOf(event.stepId)}: ${describeEvent(event)}`
          }
          onChange={({ target }) => {
            setPlaying(false)
            setCount(Number(target.value))
          }}
        />
        <output>
          {at} of {events.length}
        </output>
      </div>
      <p className={styles['event']}>
        {event === undefined ? (
          'Before the start.'
        ) : (
          <>
            <strong>{titleOf(event.stepId)}</strong> {describeEvent(event)}
          </>
        )}
      </p>
    </div>
  )
}
