import { useEffect, useMemo, useState } from 'react'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  CircleAlert,
  CircleCheckBig,
  Inbox,
  MessageCircleQuestion,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react'
import { inboxQuery, type InboxItem } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { Age, Button, EmptyState, ErrorState, Page, plural, repositoryName, Skeleton } from '../ui/index.ts'
import { WaysToBegin } from '../work/ways-to-begin.tsx'
import { ItemDetail } from './item-detail.tsx'
import styles from './inbox-screen.module.css'

/** What an item is about, as a shape and a word. */
const kinds: Readonly<Record<InboxItem['kind'], { readonly icon: LucideIcon; readonly word: string }>> = {
  approval: { icon: CircleCheckBig, word: 'Approval' },
  question: { icon: MessageCircleQuestion, word: 'Question' },
  escalation: { icon: TriangleAlert, word: 'Escalation' },
  failure: { icon: CircleAlert, word: 'Failure' },
}

/** What waits for a person: a list, and beside it everything that is needed to decide about the one that is chosen. */
export function InboxScreen() {
  const query = useInfiniteQuery(inboxQuery)
  const { values, change } = useSearchParameters()
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const { current, isGone, isChosen, leave } = useCurrent(items, values['item'])
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
      ) : current === undefined ? (
        query.isError ? (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        ) : (
          <NothingWaits />
        )
      ) : (
        <div className={styles['inbox']} data-chosen={isChosen}>
          <div className={styles['side']}>
            <ul className={styles['list']} aria-label="What waits">
              {items.map((item) => (
                <Entry key={item.id} item={item} current={item.id === current.id} replace={isChosen} />
              ))}
            </ul>
            {query.hasNextPage && (
              <Button look="quiet" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show older ones
              </Button>
            )}
          </div>
          <ItemDetail
            key={current.id}
            item={current}
            isGone={isGone}
            onDone={() => {
              leave(current)
              change({ item: undefined })
            }}
          />
        </div>
      )}
    </Page>
  )
}

/**
 * The item that is read. It stays while others come in above it, and even when it leaves the list, so that nothing is pulled
 * away from under whoever reads it or writes a reason.
 */
function useCurrent(items: readonly InboxItem[], chosen: string | undefined) {
  const cache = useQueryClient()
  const [read, setRead] = useState<InboxItem>()
  const wanted = chosen ?? read?.id
  const listed = items.find(({ id }) => id === wanted)
  const kept = listed === undefined && read !== undefined && read.id === wanted ? read : undefined
  const current = listed ?? kept ?? items[0]
  // Taken note of while rendering, as React's documentation has it for what follows from the rendering before.
  if (current !== read) setRead(current)
  return {
    current,
    isGone: kept !== undefined,
    isChosen: chosen !== undefined && current?.id === chosen,
    /** Goes on to the next one, since the reader has seen to this one. */
    leave: ({ id }: InboxItem): void => {
      const index = items.findIndex((item) => item.id === id)
      const others = items.filter((item) => item.id !== id)
      setRead(others[Math.min(Math.max(0, index), others.length - 1)])
      cache.setQueryData(inboxQuery.queryKey, (known) =>
        known === undefined
          ? undefined
          : {
              ...known,
              pages: known.pages.map((page) => ({
                ...page,
                items: page.items.filter((item) => item.id !== id),
              })),
            },
      )
    },
  }
}

function Entry({
  item,
  current,
  replace,
}: {
  readonly item: InboxItem
  readonly current: boolean
  /** Whether another item is open, from which going back does not lead here again. */
  readonly replace: boolean
}) {
  const { icon: Icon, word } = kinds[item.kind]
  useEffect(() => {
    if (current) document.getElementById(`item-${item.id}`)?.scrollIntoView({ block: 'nearest' })
  }, [current, item.id])
  return (
    <li id={`item-${item.id}`}>
      <Link
        to="."
        search={{ item: item.id }}
        replace={replace}
        resetScroll={false}
        className={styles['item']}
        data-kind={item.kind}
        aria-current={current ? 'true' : undefined}
      >
        <Icon size={16} aria-label={word} />
        <span className={styles['itemTitle']}>{item.title}</span>
        <Age time={item.since} />
        <span className={styles['itemFacts']}>
          {repositoryName(item.repository)} · {item.headline}
        </span>
      </Link>
    </li>
  )
}

function NothingWaits() {
  return (
    <EmptyState icon={Inbox} title="Nothing waits for you" actions={<WaysToBegin />}>
      <p>
        Changes that need your approval come here, with what was asked, what was changed, the tests that prove
        it, and what it cost. So do questions of agents, and work that the studio could not finish by itself.
      </p>
    </EmptyState>
  )
}
