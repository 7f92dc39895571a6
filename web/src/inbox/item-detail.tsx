import { lazy, Suspense } from 'react'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, CircleCheck, Eye } from 'lucide-react'
import type { InboxItem } from '../api/index.ts'
import { DecisionBar } from '../decision/index.ts'
import {
  Age,
  buttonClass,
  Facts,
  formatDuration,
  formatMoney,
  plural,
  principalName,
  repositoryName,
  Section,
  Skeleton,
  Status,
} from '../ui/index.ts'
import styles from './inbox-screen.module.css'

const ChangePanel = lazy(async () => ({
  default: (await import('../run/changes/change-panel.tsx')).ChangePanel,
}))

/** Everything that is needed to decide, in the order in which one asks: what, how sure, what to look at, the change. */
export function ItemDetail({ item }: { readonly item: InboxItem }) {
  const { change, evidence, attention, cost } = item
  const size =
    change === null
      ? undefined
      : `${plural(change.files.length, 'file')}, +${change.added} −${change.deleted}`
  return (
    <article className={styles['detail']} aria-label={item.title}>
      <Link to="." search={{}} className={styles['back']}>
        <ArrowLeft size={16} aria-hidden /> Inbox
      </Link>
      <header className={styles['header']}>
        <div>
          <h2>{item.title}</h2>
          <p className={styles['soft']}>
            {repositoryName(item.repository)}, asked by {principalName(item.requester)},{' '}
            <Age time={item.since} />
          </p>
        </div>
        <div className={styles['actions']}>
          <Link id="open-run" to={`/runs/${item.runId}`} className={buttonClass('quiet')}>
            Open the run
          </Link>
          {item.kind === 'approval' && item.subject !== null && (
            <DecisionBar
              subject={{
                approvalId: item.id,
                runId: item.runId,
                title: item.title,
                repository: item.repository,
                digest: item.subject,
                facts: [...(size === undefined ? [] : [['Change', size] as const]), ['Risk', item.risk]],
              }}
            />
          )}
        </div>
      </header>
      <p className={styles['headline']}>{item.headline}</p>
      <div className={styles['glance']}>
        <Facts
          facts={[
            ...(size === undefined ? [] : [['Change', size] as const]),
            ['Risk', item.risk === 'none' ? 'No findings' : <Status key="risk" status={item.risk} />],
            ['Cost', formatMoney(cost.money)],
            ['Took', formatDuration(item.seconds)],
            ...(item.expiresAt === null
              ? []
              : [['Expires', <Expiry key="expiry" at={item.expiresAt} />] as const]),
          ]}
        />
      </div>
      <div className={styles['columns']}>
        {evidence.length > 0 && (
          <Section title="Evidence">
            <ul className={styles['lines']}>
              {evidence.map((line) => (
                <li key={line} data-tone="good">
                  <CircleCheck size={15} aria-hidden /> <span>{line}</span>
                </li>
              ))}
            </ul>
          </Section>
        )}
        {attention.length > 0 && (
          <Section title="Look at this">
            <ul className={styles['lines']}>
              {attention.map((line) => (
                <li key={line} data-tone="warn">
                  <Eye size={15} aria-hidden /> <span>{line}</span>
                </li>
              ))}
            </ul>
          </Section>
        )}
      </div>
      {change !== null && (
        <Suspense fallback={<Skeleton lines={8} />}>
          <ChangePanel runId={item.runId} findings={[]} />
        </Suspense>
      )}
    </article>
  )
}

function Expiry({ at }: { readonly at: string }) {
  return (
    <time dateTime={at}>{new Date(at).toLocaleDateString('en', { day: 'numeric', month: 'short' })}</time>
  )
}
