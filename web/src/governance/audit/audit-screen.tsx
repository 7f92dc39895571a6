import { useEffect, useMemo } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { DataTable, type Column } from '../../table/index.ts'
import { Button, EmptyState, formatMoment, Page, principalName, Status } from '../../ui/index.ts'
import { Loaded } from '../../panels/index.ts'
import { AuditFilterForm } from './audit-filter-form.tsx'
import { ChainCheck } from './chain-check.tsx'
import { readFilters } from './filters.ts'
import { auditQuery, type AuditRecord } from './queries.ts'
import styles from './audit.module.css'

const columns: readonly Column<AuditRecord>[] = [
  {
    id: 'action',
    header: 'What',
    show: 'always',
    cell: ({ action }) => <span title={action}>{action}</span>,
  },
  {
    id: 'outcome',
    header: 'Outcome',
    width: '8rem',
    show: 'always',
    cell: ({ outcome }) => <Status status={outcome} />,
  },
  {
    id: 'who',
    header: 'Who',
    width: '13rem',
    cell: ({ principalId, onBehalfOf }) => (
      <span title={principalId}>
        {principalName(principalId)}
        {onBehalfOf !== null && <span className={styles['soft']}> for {principalName(onBehalfOf)}</span>}
      </span>
    ),
  },
  {
    id: 'resource',
    header: 'On what',
    cell: ({ resource }) => <span title={resource}>{resource}</span>,
  },
  { id: 'seq', header: 'Record', width: '6rem', align: 'end', cell: ({ seq }) => seq },
  {
    id: 'time',
    header: 'When',
    width: '14.5rem',
    align: 'end',
    cell: ({ time }) => <time dateTime={time}>{formatMoment(time)}</time>,
  },
]

/** Pages without any match that are passed over by themselves before somebody is asked to go on. */
const patience = 5

/** Everything that was attempted, by whom and with what outcome. What is looked for stands in the address. */
export function AuditScreen() {
  const { values } = useSearchParameters()
  const filters = useMemo(() => readFilters(values), [values])
  const query = useInfiniteQuery(auditQuery(filters))
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const rows = data?.pages.flatMap(({ items }) => items) ?? []
  const isSearching = rows.length === 0 && hasNextPage
  const pages = data?.pages.length ?? 0

  // A page looks at a bounded number of records; where none of these fits, the next one is asked for.
  useEffect(() => {
    if (isSearching && !isFetchingNextPage && pages < patience) void fetchNextPage()
  }, [isSearching, isFetchingNextPage, pages, fetchNextPage])

  return (
    <Page
      title="Audit"
      lead="Every act and decision, each record bound to the one before it. Nothing here can be changed without it showing."
      actions={<ChainCheck />}
      bar={<AuditFilterForm />}
    >
      <Loaded query={query} lines={10}>
        {() =>
          rows.length > 0 ? (
            <DataTable
              label="Audit records"
              columns={columns}
              rows={rows}
              rowKey={({ seq }) => String(seq)}
              rowLink={({ seq }) => `/audit/${seq}`}
              onEnd={() => {
                if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
              }}
              foot={
                <p className={styles['foot']} role="status">
                  {isFetchingNextPage ? 'Loading older records' : hasNextPage ? '' : 'These are all.'}
                </p>
              }
            />
          ) : (
            <EmptyState
              icon={ShieldCheck}
              title={isSearching ? 'Nothing found so far' : 'No record is like this'}
              actions={
                isSearching && (
                  <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                    Look at older records
                  </Button>
                )
              }
            >
              <p>
                {isSearching
                  ? 'The newest records do not fit. A span of days makes the search quick.'
                  : 'Take a filter away, or choose a longer span of days.'}
              </p>
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  )
}
