import { useInfiniteQuery } from '@tanstack/react-query'
import { Wrench } from 'lucide-react'
import { actsQuery, type Act } from '../api/index.ts'
import {
  Button,
  Digest,
  Duration,
  EmptyState,
  ErrorState,
  formatMoney,
  principalName,
  Skeleton,
  Status,
  Tag,
  type Tone,
} from '../ui/index.ts'
import styles from './acts.module.css'

const effects: Readonly<Record<Act['effect'], readonly [string, Tone]>> = {
  read: ['reads', 'quiet'],
  workspace: ['in the sandbox', 'quiet'],
  'external-reversible': ['outside', 'warn'],
  'external-irreversible': ['outside for good', 'bad'],
}
const statuses: Readonly<Record<Act['state'], string>> = {
  requested: 'ready',
  refused: 'rejected',
  performing: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
}

/** Every call of a tool or a model in a run, by whom it was made, what decided about it and what it cost. */
export function Acts({ runId }: { readonly runId: string }) {
  const query = useInfiniteQuery(actsQuery(runId))
  const acts = query.data?.pages.flatMap(({ items }) => items) ?? []
  if (query.isPending) return <Skeleton lines={8} />
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />
  if (acts.length === 0)
    return (
      <EmptyState icon={Wrench} title="Nothing was attempted yet">
        <p>
          Each use of a tool, a model, a repository or money is listed here, allowed or refused, with what
          decided it.
        </p>
      </EmptyState>
    )
  return (
    <>
      <table className={styles['acts']}>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <th scope="col">State</th>
            <th scope="col">By</th>
            <th scope="col">Decided by</th>
            <th scope="col">Input</th>
            <th scope="col">Cost</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {acts.map((act) => (
            <ActRow key={act.key} act={act} />
          ))}
        </tbody>
      </table>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  )
}

function ActRow({ act }: { readonly act: Act }) {
  const [words, tone] = effects[act.effect]
  return (
    <tr>
      <th scope="row">
        <code>{act.tool}</code> {act.effect !== 'read' && <Tag tone={tone}>{words}</Tag>}
        {act.error !== null && <p className={styles['error']}>{act.error.message}</p>}
        {act.redactions.length > 0 && <p>Taken out as secret: {act.redactions.join(', ')}</p>}
      </th>
      <td>
        <Status status={statuses[act.state]} word={act.state} />
      </td>
      <td>
        {principalName(act.by)}
        {act.onBehalfOf !== null && <p className={styles['soft']}>for {principalName(act.onBehalfOf)}</p>}
      </td>
      <td>
        {act.decision === null
          ? '–'
          : act.decision.policies.join(', ') || `${act.decision.verdict} by default`}
      </td>
      <td>
        <Digest value={act.inputDigest} label="digest of the input" length={8} />
      </td>
      <td>{act.cost.money === 0 ? '–' : formatMoney(act.cost.money)}</td>
      <td>{act.startedAt === null ? '–' : <Duration from={act.startedAt} to={act.endedAt} />}</td>
    </tr>
  )
}
