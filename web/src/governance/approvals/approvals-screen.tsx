import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Stamp } from 'lucide-react'
import { studio, type Answer } from '../../api/index.ts'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { DataTable, type Column } from '../../table/index.ts'
import { Age, Digest, EmptyState, Page, principalName, repositoryName, Status } from '../../ui/index.ts'
import { FilterBar, Loaded } from '../../panels/index.ts'

type Approval = Answer<'listApprovals'>['items'][number]

const statuses = ['pending', 'approved', 'rejected', 'changes-requested', 'expired', 'void'] as const
type ApprovalStatus = (typeof statuses)[number]

function approvalsQuery(status: ApprovalStatus | undefined) {
  return infiniteQueryOptions({
    queryKey: ['approvals', status ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      studio.listApprovals({
        query: {
          limit: 100,
          ...(status === undefined ? {} : { status }),
          ...(pageParam === null ? {} : { after: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })
}

const columns: readonly Column<Approval>[] = [
  { id: 'title', header: 'Change', show: 'always', cell: ({ title }) => <span title={title}>{title}</span> },
  {
    id: 'status',
    header: 'Decision',
    width: '11rem',
    show: 'always',
    cell: ({ status, statusReason }) => (
      <span title={statusReason ?? undefined}>
        <Status status={status} />
      </span>
    ),
  },
  {
    id: 'by',
    header: 'By',
    width: '8rem',
    cell: ({ decisions }) => decisions.map(({ by }) => principalName(by)).join(', ') || '–',
  },
  {
    id: 'reason',
    header: 'Reason',
    cell: ({ decisions, statusReason }) => {
      const reason = decisions.map((each) => each.reason).find((each) => each !== '') ?? statusReason ?? ''
      return <span title={reason}>{reason}</span>
    },
  },
  {
    id: 'repository',
    header: 'Repository',
    width: '9rem',
    cell: ({ repository }) => <span title={repository}>{repositoryName(repository)}</span>,
  },
  { id: 'subject', header: 'Bound to', width: '8.5rem', cell: ({ subject }) => <Digest value={subject} /> },
  {
    id: 'requested',
    header: 'Asked',
    width: '5rem',
    align: 'end',
    cell: ({ requestedAt }) => <Age time={requestedAt} />,
  },
]

/** Every change that somebody was asked to decide about, and what they said. */
export function ApprovalsScreen() {
  const { values } = useSearchParameters()
  const status = statuses.find((each) => each === values['status'])
  const query = useInfiniteQuery(approvalsQuery(status))
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  return (
    <Page
      title="Approvals"
      lead="Each decision is bound to the digest of exactly what was shown; a change to it makes it void."
      bar={
        <FilterBar
          label="Approvals by decision"
          parameter="status"
          current={values['status']}
          choices={[
            [undefined, 'All'],
            ['pending', 'Waiting'],
            ['approved', 'Approved'],
            ['rejected', 'Rejected'],
            ['changes-requested', 'Changes asked'],
            ['expired', 'Expired'],
            ['void', 'Void'],
          ]}
        />
      }
    >
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items)
          return rows.length === 0 ? (
            <EmptyState
              icon={Stamp}
              title={status === undefined ? 'Nothing was asked yet' : 'No approval is like this'}
            >
              <p>
                Before anything leaves the studio, a person who had no part in it decides. What waits for you
                is in the <Link to="/inbox">inbox</Link>; what was decided is kept here for good.
              </p>
            </EmptyState>
          ) : (
            <DataTable
              label="Approvals"
              columns={columns}
              rows={rows}
              rowKey={({ id }) => id}
              rowLink={({ runId }) => `/runs/${runId}`}
              onEnd={() => {
                if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
              }}
            />
          )
        }}
      </Loaded>
    </Page>
  )
}
