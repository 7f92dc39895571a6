import { useQuery } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { testsQuery, type TestComparison, type TestReport } from '../api/index.ts'
import { EmptyState, ErrorState, formatDuration, Section, Skeleton, Status } from '../ui/index.ts'
import styles from './tests-view.module.css'

type TestCase = TestReport['tests'][number]

/** One test as it was before the change and as it is with it. */
interface Comparison {
  readonly id: string
  readonly before: TestCase | undefined
  readonly after: TestCase | undefined
  readonly sense: 'fixed' | 'broken' | 'still failing' | 'same'
}

const order = ['broken', 'fixed', 'still failing', 'same'] as const

/** Every test of both reports, what changed first. */
function compare({ before, after, fixed, broken, stillFailing }: TestComparison): readonly Comparison[] {
  const old = new Map(before?.tests.map((test) => [test.id, test]))
  const now = new Map(after?.tests.map((test) => [test.id, test]))
  const senses = new Map([
    ...fixed.map((id) => [id, 'fixed'] as const),
    ...broken.map((id) => [id, 'broken'] as const),
    ...stillFailing.map((id) => [id, 'still failing'] as const),
  ])
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((id) => ({
      id,
      before: old.get(id),
      after: now.get(id),
      sense: senses.get(id) ?? ('same' as const),
    }))
    .sort((a, b) => order.indexOf(a.sense) - order.indexOf(b.sense))
}

/** The tests of the base revision before the change and with it, and the tests that the change itself brings. */
export function TestsView({ runId }: { readonly runId: string }) {
  const { data, isPending, isError, error, refetch } = useQuery(testsQuery(runId))
  if (isPending) return <Skeleton lines={8} />
  if (isError) return <ErrorState error={error} retry={() => void refetch()} />
  if (data.before === null && data.after === null)
    return (
      <EmptyState icon={FlaskConical} title="No tests have run yet">
        <p>First the tests of the base revision run, and then the same ones on the changed tree.</p>
      </EmptyState>
    )
  return (
    <>
      <Section title="Tests of the base revision">
        <table className={styles['tests']}>
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col">Before</th>
              <th scope="col">With the change</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {compare(data).map(({ id, before, after, sense }) => (
              <tr key={id} data-sense={sense}>
                <th scope="row">
                  <code>{id}</code>
                  {after?.outcome === 'failed' && after.message !== undefined && (
                    <p className={styles['message']}>{after.message}</p>
                  )}
                </th>
                <td>{before === undefined ? '–' : <Status status={before.outcome} />}</td>
                <td>{after === undefined ? '–' : <Status status={after.outcome} />}</td>
                <td>{after?.durationMs === undefined ? '–' : formatDuration(after.durationMs / 1000)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      {data.changed !== null && <ChangedTests report={data.changed} />}
      {data.after !== null && data.after.outputTail !== '' && (
        <details className={styles['output']}>
          <summary>Output of {data.after.command}</summary>
          <pre tabIndex={0}>{data.after.outputTail}</pre>
        </details>
      )}
    </>
  )
}

function ChangedTests({ report }: { readonly report: TestReport }) {
  return (
    <Section title="Tests that the change adds or alters">
      <ul>
        {report.tests.map(({ id, outcome }) => (
          <li key={id}>
            <Status status={outcome} /> <code>{id}</code>
          </li>
        ))}
      </ul>
    </Section>
  )
}
