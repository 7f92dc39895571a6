import { lazy, Suspense, useEffect, useMemo } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, Inbox } from 'lucide-react'
import { runQuery, type RunSummary } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { DecisionBar } from '../decision/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { RunFindings } from '../run/index.ts'
import {
  Age,
  buttonClass,
  EmptyState,
  ErrorState,
  Page,
  plural,
  principalName,
  repositoryName,
  Skeleton,
  Status,
} from '../ui/index.ts'
import { DemoButton } from '../work/demo-button.tsx'
import { waitingQuery } from './waiting.ts'
import styles from './inbox-screen.module.css'

const ChangePanel = lazy(async () => ({
  default: (await import('../run/changes/change-panel.tsx')).ChangePanel,
}))

/** What waits for a person: a list, and beside it everything that is needed to decide about the one that is chosen. */
export function InboxScreen() {
  const query = useInfiniteQuery(waitingQuery)
  const { values, change } = useSearchParameters()
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const chosen = values['item']
  const current = items.find(({ id }) => id === chosen) ?? items[0]
  const move = (by: number): void => {
    const index = items.findIndex(({ id }) => id === current?.id)
    const next = items[Math.min(items.length - 1, Math.max(0, index + by))]
    if (next !== undefined) change({ item: next.id })
  }
  useShortcuts([
    { keys: 'j', does: 'Next item', group: 'Inbox', run: () => move(1) },
    { keys: 'k', does: 'Previous item', group: 'Inbox', run: () => move(-1) },
    {
      keys: 'o',
      does: 'Open the run',
      group: 'Inbox',
      run: () => document.getElementById('open-run')?.click(),
    },
  ])

  return (
    <Page title="Inbox" {...(items.length > 0 && { beside: <span>{plural(items.length, 'item')}</span> })}>
      {query.isPending ? (
        <Skeleton lines={6} />
      ) : query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : current === undefined ? (
        <NothingWaits />
      ) : (
        <div className={styles['inbox']} data-chosen={chosen !== undefined}>
          <ul className={styles['list']} aria-label="What waits">
            {items.map((item) => (
              <Item key={item.id} item={item} current={item.id === current.id} />
            ))}
          </ul>
          <article className={styles['detail']} aria-label={current.title}>
            <Link to="." search={{}} className={styles['back']}>
              <ArrowLeft size={16} aria-hidden /> Inbox
            </Link>
            <Detail key={current.id} runId={current.id} />
          </article>
        </div>
      )}
    </Page>
  )
}

function Item({ item, current }: { readonly item: RunSummary; readonly current: boolean }) {
  useEffect(() => {
    if (current) document.getElementById(`item-${item.id}`)?.scrollIntoView({ block: 'nearest' })
  }, [current, item.id])
  return (
    <li id={`item-${item.id}`}>
      <Link
        to="."
        search={{ item: item.id }}
        replace
        resetScroll={false}
        className={styles['item']}
        aria-current={current ? 'true' : undefined}
      >
        <span className={styles['itemTitle']}>{item.title}</span>
        <Age time={item.createdAt} />
        <span className={styles['itemFacts']}>
          <Status status={item.outcome ?? item.status} look="icon" />
          {repositoryName(item.repository)}, asked by {principalName(item.requester)}
        </span>
      </Link>
    </li>
  )
}

function Detail({ runId }: { readonly runId: string }) {
  const { data: run, isError, error, refetch } = useQuery(runQuery(runId))
  if (run === undefined)
    return isError ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton lines={6} />
  return (
    <>
      <header className={styles['header']}>
        <div>
          <h2>{run.title}</h2>
          <p className={styles['itemFacts']}>
            <Status status={run.outcome ?? run.status} /> {repositoryName(run.repository)}, asked by{' '}
            {principalName(run.requester)}{' '}
            <Link id="open-run" to={`/runs/${run.id}`}>
              Open the run
            </Link>
          </p>
        </div>
        <div className={styles['actions']}>
          <DecisionBar run={run} />
        </div>
      </header>
      <RunFindings run={run} />
      {run.report.patch !== null && (
        <Suspense fallback={<Skeleton lines={8} />}>
          <ChangePanel run={run} patch={run.report.patch} />
        </Suspense>
      )}
    </>
  )
}

function NothingWaits() {
  return (
    <EmptyState
      icon={Inbox}
      title="Nothing waits for you"
      actions={
        <>
          <Link to="/work/new" className={buttonClass('primary')}>
            Submit work
          </Link>
          <DemoButton />
        </>
      }
    >
      <p>
        Changes that need your approval come here, with what was asked, what was changed, the tests that prove
        it, and what it cost. So does work that the studio could not finish by itself.
      </p>
    </EmptyState>
  )
}
