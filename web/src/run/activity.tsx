import { useMemo, useState } from 'react'
import type { RunEvent, Step } from '../api/index.ts'
import { faceOf, formatMoment, type Tone } from '../ui/index.ts'
import { describeEvent } from './run-history.ts'
import styles from './activity.module.css'

/** Lines shown at once; the ones before are asked for. */
const tail = 500

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

function toneOf({ kind, data }: RunEvent): Tone {
  if (kind === 'step-retrying') return 'bad'
  const status = data['status']
  return typeof status === 'string' ? faceOf(status).tone : 'quiet'
}

/** What happened, a line each, the newest last; of one step, or of the whole run. */
export function Activity({
  events,
  steps,
  stepId,
}: {
  readonly events: readonly RunEvent[]
  readonly steps: readonly Step[]
  readonly stepId?: string | undefined
}) {
  const [shown, setShown] = useState(tail)
  const own = useMemo(
    () => (stepId === undefined ? events : events.filter((event) => event.stepId === stepId)),
    [events, stepId],
  )
  const titles = useMemo(() => new Map(steps.map(({ id, title }) => [id, title])), [steps])
  return (
    <div className={styles['activity']}>
      {own.length > shown && (
        <button type="button" className={styles['more']} onClick={() => setShown(shown + 2 * tail)}>
          {own.length - shown} lines before
        </button>
      )}
      {/* A region that scrolls has to be reachable with the keyboard. */}
      <ol tabIndex={0} aria-label="Activity">
        {own.slice(-shown).map((event) => (
          <li key={event.sequence} data-kind={event.kind} data-tone={toneOf(event)}>
            <time dateTime={event.time} title={formatMoment(event.time)}>
              {clock.format(new Date(event.time))}
            </time>
            {stepId === undefined && (
              <span className={styles['step']}>
                {event.stepId === null ? 'Run' : (titles.get(event.stepId) ?? event.stepId)}
              </span>
            )}
            <span className={styles['words']}>{describeEvent(event)}</span>
          </li>
        ))}
      </ol>
      {own.length === 0 && <p className={styles['none']}>Nothing has happened yet.</p>}
    </div>
  )
}
