import { faceOf, formatDuration, formatMoment, useNow } from '../ui/index.ts'
import type { StepMoment } from './run-history.ts'
import styles from './timeline.module.css'

/** Shares of the whole at which there is a line with the time. */
const marks = [0, 0.25, 0.5, 0.75, 1]

/** When each attempt of each step began and ended, from the work item to the branch: a waterfall over one axis. */
export function Timeline({
  moments,
  startedAt,
  endedAt,
}: {
  readonly moments: readonly StepMoment[]
  readonly startedAt: string
  readonly endedAt: string | null
}) {
  const now = useNow(1000)
  const start = Date.parse(startedAt)
  const last = Math.max(
    start + 1000,
    endedAt === null ? now : Date.parse(endedAt),
    ...moments.flatMap(({ attempts }) => attempts.map(({ to }) => (to === null ? 0 : Date.parse(to)))),
  )
  const share = (time: number): string => `${(((time - start) / (last - start)) * 100).toFixed(3)}%`
  return (
    <table className={styles['timeline']} aria-label="Timeline">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">
            <div className={styles['axis']}>
              {marks.map((mark) => (
                <span key={mark} style={{ insetInlineStart: `${mark * 100}%` }} data-mark={mark}>
                  {formatDuration(((last - start) / 1000) * mark)}
                </span>
              ))}
            </div>
          </th>
          <th scope="col">Time</th>
        </tr>
      </thead>
      <tbody>
        {moments.map(({ id, title, attempts }) => (
          <tr key={id}>
            <th scope="row">{title}</th>
            <td>
              <div className={styles['track']}>
                {attempts.map(({ attempt, from, to, status }) => (
                  <span
                    key={attempt}
                    className={styles['bar']}
                    data-tone={faceOf(status).tone}
                    title={`Attempt ${attempt}, ${faceOf(status).word.toLowerCase()}, from ${formatMoment(from)}`}
                    style={{
                      insetInlineStart: share(Date.parse(from)),
                      width: `calc(${share(start + (to === null ? now : Date.parse(to)) - Date.parse(from))})`,
                    }}
                  />
                ))}
              </div>
            </td>
            <td>
              {attempts.length === 0
                ? '–'
                : formatDuration(
                    attempts.reduce(
                      (sum, { from, to }) => sum + (to === null ? now : Date.parse(to)) - Date.parse(from),
                      0,
                    ) / 1000,
                  )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
