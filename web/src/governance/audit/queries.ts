import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../../api/index.ts'
import type { AuditFilters } from './filters.ts'

export type AuditRecord = Answer<'getAuditRecord'>['record']

/** Records newest first. A page may be short or empty and not be the last one. */
export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) =>
      studio.listAuditRecords({
        query: { ...filters, limit: 100, ...(pageParam === null ? {} : { after: pageParam }) },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })
}

export function auditRecordQuery(seq: number) {
  return queryOptions({
    queryKey: ['audit-record', seq],
    queryFn: ({ signal }) => studio.getAuditRecord({ params: { seq }, signal }),
    staleTime: Infinity,
  })
}
