import { useMemo } from 'react'
import { useQuery } from '@tanstack/react-query'
import { traceQuery, type Run, type Span } from '../api/index.ts'
import { ErrorState, faceOf, formatDuration, formatMoment, Skeleton, useNow } from '../ui/index.ts'
import { timeAxis } from './time-axis.ts'
import styles from './timeline.module.css'

/** Shares of the whole at which there is a mark with the time. */
const marks = [0, 0.25, 0.5, 0.75, 1]
/** Milliseconds between two readings of the trace while the run goes on. */
const interval = 3000

interface Row {
  readonly span: Span
  readonly depth: number
}

/** Spans below their parents, in the order in which they began; the only attempt of a step is left out. */
function rowsOf(spans: readonly Span[]): readonly Row[] {
  const children = Map.groupBy(
    spans.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)),
    ({ parent }) => parent,
  )
  const below = (parent: string | null, depth: number): readonly Row[] => {
    const own = children.get(parent) ?? []
    const isTriedOnce = own.filter(({ kind }) => kind === 'attempt').length === 1
    return own.flatMap((span) =>
      isTriedOnce && span.kind === 'attempt'
        ? below(span.id, depth)
        : [{ span, depth }, ...below(span.id, depth + 1)],
    )
  }
  return below(null, 0)
}

/** When what was done, from the work item to the branch: the run, its steps, their attempts and acts over one axis. */
export function Timeline({ run }: { readonly run: Run }) {
  const query = useQuery({
    ...traceQuery(run.id),
    ...(run.endedAt === null && { refetchInterval: interval }),
  })
  const rows = useMemo(() => rowsOf(query.data?.spans ?? []), [query.data])
  if (query.isPending) return <Skeleton lines={10} />
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />
  return (
    <>
      <Waterfall rows={rows} run={run} />
      {query.data.truncated && (
        <p>There are more acts than are shown here. The list of tools has all of them.</p>
      )}
    </>
  )
}

function Waterfall({ rows, run }: { readonly rows: readonly Row[]; readonly run: Run }) {
  const now = useNow(1000)
  const start = Date.parse(run.createdAt)
  const endOf = ({ endedAt }: Span): number => (endedAt === null ? now : Date.parse(endedAt))
  const last = Math.max(start + 1000, ...rows.map(({ span }) => endOf(span)))
  // Waits for people are long, and work is to be seen beside them.
  const axis = timeAxis(
    start,
    last,
    rows.flatMap(({ span }) =>
      span.kind === 'act' ? [{ from: Date.parse(span.startedAt), to: endOf(span) }] : [],
    ),
  )
  const percent = (share: number): string => `${(share * 100).toFixed(3)}%`
  return (
    <>
      {axis.isSqueezed && (
        <p className={styles['note']}>Where nothing was done, time is drawn shorter than it was.</p>
      )}
      <table className={styles['timeline']} aria-label="Timeline">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">
              <div className={styles['axis']}>
                {marks.map((mark) => (
                  <span key={mark} style={{ insetInlineStart: `${mark * 100}%` }} data-mark={mark}>
                    {formatDuration((axis.momentAt(mark) - start) / 1000)}
                  </span>
                ))}
              </div>
            </th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ span, depth }) => (
            <tr key={span.id} data-kind={span.kind}>
              <th scope="row" style={{ paddingInlineStart: `${depth * 0.875}rem` }} title={span.name}>
                {span.name}
              </th>
              <td>
                <div className={styles['track']}>
                  <span
                    className={styles['bar']}
                    data-tone={faceOf(span.status).tone}
                    title={`${faceOf(span.status).word}, from ${formatMoment(span.startedAt)}`}
                    style={{
                      insetInlineStart: percent(axis.at(Date.parse(span.startedAt))),
                      width: percent(axis.at(endOf(span)) - axis.at(Date.parse(span.startedAt))),
                    }}
                  />
                </div>
              </td>
              <td>{formatDuration(Math.max(0, endOf(span) - Date.parse(span.startedAt)) / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
