import { lazy, Suspense } from 'react'
import { Link } from '@tanstack/react-router'
import { useMutation } from '@tanstack/react-query'
import { ArrowLeft, Check, CircleCheck, Eye, Info } from 'lucide-react'
import { studio, type InboxItem } from '../api/index.ts'
import { DecisionBar } from '../decision/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import {
  Age,
  Button,
  buttonClass,
  Facts,
  formatDuration,
  formatMoney,
  LongText,
  plural,
  principalName,
  repositoryName,
  Section,
  Skeleton,
  Status,
  useAnnouncer,
} from '../ui/index.ts'
import styles from './inbox-screen.module.css'

const ChangePanel = lazy(async () => ({
  default: (await import('../run/changes/change-panel.tsx')).ChangePanel,
}))

// Not of the first page: few items are questions.
const QuestionCard = lazy(async () => ({ default: (await import('../question/index.ts')).QuestionCard }))

/** Everything that is needed to decide, in the order in which one asks: what, how sure, what to look at, the change. */
export function ItemDetail({
  item,
  isGone,
  onDone,
}: {
  readonly item: InboxItem
  /** It has left the list while it was looked at. */
  readonly isGone: boolean
  /** The reader has decided or answered. */
  readonly onDone: () => void
}) {
  const { change, evidence, attention, cost, question, remedy } = item
  const description = item.description.trim()
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
          {(item.kind === 'escalation' || item.kind === 'failure') && !isGone && (
            <SeenTo item={item} onDone={onDone} />
          )}
          {item.kind === 'approval' && item.subject !== null && (
            <DecisionBar
              onDecided={onDone}
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
      <div role="status">
        {isGone && (
          <p className={styles['gone']}>
            <Info size={16} aria-hidden /> This waits no longer: it has been seen to, or it is another change
            by now.
          </p>
        )}
      </div>
      {question !== null && item.kind === 'question' ? (
        <Suspense fallback={<Skeleton lines={5} />}>
          <QuestionCard runId={item.runId} question={question} mayAnswer={!isGone} onAnswered={onDone} />
        </Suspense>
      ) : (
        <p className={styles['headline']}>{item.headline}</p>
      )}
      {remedy !== null && <p className={styles['remedy']}>{remedy}</p>}
      <div className={styles['glance']}>
        <Facts
          facts={[
            ...(size === undefined ? [] : [['Change', size] as const]),
            ...(item.kind === 'approval'
              ? [
                  [
                    'Risk',
                    item.risk === 'none' ? 'No findings' : <Status key="risk" status={item.risk} />,
                  ] as const,
                ]
              : []),
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
      {description !== '' && (
        <Section title="What was asked">
          <LongText text={description} />
        </Section>
      )}
      {change !== null && (
        <Suspense fallback={<Skeleton lines={8} />}>
          <ChangePanel runId={item.runId} findings={[]} mayComment />
        </Suspense>
      )}
    </article>
  )
}

/** Takes what ended unhappily out of one's own inbox. */
function SeenTo({ item, onDone }: { readonly item: InboxItem; readonly onDone: () => void }) {
  const { say, sayFailure } = useAnnouncer()
  const dismiss = useMutation({
    mutationFn: () => studio.dismissFromInbox({ params: { runId: item.runId } }),
    onSuccess: () => {
      say('Out of your inbox. The run stays among the runs.')
      onDone()
    },
    onError: sayFailure,
  })
  useShortcuts([{ keys: 'e', does: 'Seen to', group: 'Inbox', run: () => dismiss.mutate() }])
  return (
    <Button busy={dismiss.isPending} onClick={() => dismiss.mutate()}>
      <Check size={16} aria-hidden /> Seen to
    </Button>
  )
}

function Expiry({ at }: { readonly at: string }) {
  return (
    <time dateTime={at}>{new Date(at).toLocaleDateString('en', { day: 'numeric', month: 'short' })}</time>
  )
}
