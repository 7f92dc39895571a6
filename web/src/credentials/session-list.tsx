import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { studio } from '../api/index.ts'
import { Age, Button, ErrorNote, Tag, useAnnouncer } from '../ui/index.ts'
import { Loaded, PlainTable, Row, Stack, type PlainColumn } from '../panels/index.ts'
import { sessionsQuery, type Session } from './queries.ts'

/** Browsers in which one is signed in; each can be signed out from here. */
export function SessionList() {
  const query = useQuery(sessionsQuery)
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const end = useMutation({
    mutationFn: (sessionId: string | null) =>
      sessionId === null ? studio.endOtherSessions() : studio.endSession({ params: { sessionId } }),
    onSuccess: async () => {
      await cache.invalidateQueries(sessionsQuery)
      say('Signed out there.')
    },
  })
  const columns: readonly PlainColumn<Session>[] = [
    {
      header: 'Browser',
      cell: ({ device, current }) => (
        <>
          {device === '' ? 'Unknown' : device} {current && <Tag tone="good">this one</Tag>}
        </>
      ),
    },
    {
      header: 'Signed in by',
      show: 'wide',
      cell: ({ method, provider }) => (method === 'link' ? 'a link' : (provider ?? 'a provider')),
    },
    { header: 'Since', show: 'wide', cell: ({ createdAt }) => <Age time={createdAt} /> },
    { header: 'Last used', cell: ({ lastUsedAt }) => <Age time={lastUsedAt} /> },
    {
      header: '',
      align: 'end',
      cell: ({ id, current, device }) =>
        !current && (
          <Button
            look="quiet"
            aria-label={`Sign out ${device}`}
            busy={end.isPending && end.variables === id}
            onClick={() => end.mutate(id)}
          >
            Sign out
          </Button>
        ),
    },
  ]
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Stack>
          <PlainTable label="Sessions" columns={columns} rows={items} rowKey={({ id }) => id} />
          {end.isError && <ErrorNote error={end.error} />}
          {items.length > 1 && (
            <Row>
              <Button busy={end.isPending && end.variables === null} onClick={() => end.mutate(null)}>
                Sign out everywhere else
              </Button>
            </Row>
          )}
        </Stack>
      )}
    </Loaded>
  )
}
