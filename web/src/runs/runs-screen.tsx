import { useEffect, useMemo } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CirclePlay } from 'lucide-react'
import { runsQuery, type RunSummary, useMay } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { type Project, projectName, useProjects } from '../project/index.ts'
import { WaysToBegin } from '../work/ways-to-begin.tsx'
import {
  Age,
  Button,
  buttonClass,
  Duration,
  EmptyState,
  ErrorState,
  Page,
  principalName,
  repositoryName,
  Skeleton,
  Status,
} from '../ui/index.ts'
import { DataTable, type Column } from '../table/index.ts'
import { RunFilters } from './run-filters.tsx'
import { filterOf } from './run-filter.ts'
import styles from './runs-screen.module.css'

const columns: readonly Column<RunSummary>[] = [
  {
    id: 'title',
    header: 'Work',
    show: 'always',
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  {
    id: 'status',
    header: 'Status',
    width: '11.5rem',
    show: 'always',
    cell: ({ status, outcome }) => <Status status={outcome ?? status} />,
  },
  {
    id: 'repository',
    header: 'Repository',
    width: '12rem',
    cell: ({ repository }) => <span title={repository}>{repositoryName(repository)}</span>,
  },
  { id: 'requester', header: 'Asked by', width: '8rem', cell: ({ requester }) => principalName(requester) },
  {
    id: 'duration',
    header: 'Took',
    width: '6rem',
    align: 'end',
    cell: ({ createdAt, endedAt }) => <Duration from={createdAt} to={endedAt} />,
  },
  {
    id: 'started',
    header: 'Started',
    width: '6rem',
    align: 'end',
    cell: ({ createdAt }) => <Age time={createdAt} />,
  },
]

/** Pages without a run that are passed over before somebody has to say that it shall go on. */
const patience = 20

/** With the project of each run, where there is more than one. */
function columnsFor(projects: readonly Project[]): readonly Column<RunSummary>[] {
  if (projects.length === 0) return columns
  const project: Column<RunSummary> = {
    id: 'project',
    header: 'Project',
    width: '9rem',
    cell: ({ projectId }) => projectName(projects, projectId),
  }
  return [...columns.slice(0, 2), project, ...columns.slice(2)]
}

/** Every run, newest first. What is looked for stands in the address. */
export function RunsScreen() {
  const { values } = useSearchParameters()
  const filter = useMemo(() => filterOf(values), [values])
  const query = useInfiniteQuery(runsQuery(filter))
  const projects = useProjects()
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data])
  const maySubmit = useMay({ inSomeProject: 'submit-work-item' })
  const isSearching = rows.length === 0 && hasNextPage
  const pages = data?.pages.length ?? 0

  // A page looks at a bounded number of runs; where none of these fits, the next one is asked for.
  useEffect(() => {
    if (isSearching && !isFetchingNextPage && pages < patience) void fetchNextPage()
  }, [isSearching, isFetchingNextPage, pages, fetchNextPage])

  return (
    <Page
      title="Runs"
      bar={<RunFilters />}
      actions={
        maySubmit === true && (
          <Link to="/work/new" className={buttonClass('primary')}>
            New work
          </Link>
        )
      }
    >
      {query.isPending || (isSearching && pages < patience) ? (
        <Skeleton lines={8} />
      ) : query.isError && rows.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : isSearching ? (
        <EmptyState
          icon={CirclePlay}
          title="Nothing found so far"
          actions={
            <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Look at older runs
            </Button>
          }
        >
          <p>None of the newest runs is like this.</p>
        </EmptyState>
      ) : rows.length === 0 ? (
        <NoRuns filtered={Object.keys(filter).length > 0} />
      ) : (
        <DataTable
          label="Runs"
          columns={columnsFor(projects)}
          rows={rows}
          rowKey={({ id }) => id}
          rowLink={({ id }) => `/runs/${id}`}
          onEnd={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
          }}
          foot={
            <p className={styles['foot']} role="status">
              {isFetchingNextPage ? 'Loading older runs' : hasNextPage ? '' : 'These are all.'}
            </p>
          }
        />
      )}
    </Page>
  )
}

function NoRuns({ filtered }: { readonly filtered: boolean }) {
  return filtered ? (
    <EmptyState icon={CirclePlay} title="No run is like this">
      <p>Choose another filter above, or all runs.</p>
    </EmptyState>
  ) : (
    <EmptyState icon={CirclePlay} title="No runs yet" actions={<WaysToBegin />}>
      <p>
        A run takes a work item from its plan to a change that is tested, reviewed and approved. Submit one,
        or watch the demo repair a real bug in a small sample repository.
      </p>
    </EmptyState>
  )
}
