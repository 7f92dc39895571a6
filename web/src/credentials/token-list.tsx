import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { studio } from '../api/index.ts'
import {
  Age,
  Button,
  Dialog,
  EmptyState,
  ErrorNote,
  formatMoment,
  principalName,
  Tag,
  useAnnouncer,
  useNow,
} from '../ui/index.ts'
import { Loaded, PlainTable, Row, Stack, type PlainColumn } from '../panels/index.ts'
import { CreateToken } from './create-token.tsx'
import { endOf } from './expiry.ts'
import { tokensQuery, type ApiToken } from './queries.ts'

/** API tokens with what they open, how long, and when they were last used. */
export function TokenList({ whose }: { readonly whose: 'own' | 'all' }) {
  const query = useQuery(tokensQuery(whose))
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiToken>()
  const columns: readonly PlainColumn<ApiToken>[] = [
    { header: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    ...(whose === 'all'
      ? [{ header: 'Of', cell: ({ principalId }: ApiToken) => principalName(principalId) }]
      : []),
    {
      header: 'Opens',
      cell: ({ scopes, projects }) =>
        scopes.join(', ') + (projects === null ? '' : ` in ${projects.join(', ')}`),
    },
    { header: 'Made', show: 'wide', cell: ({ createdAt }) => <Age time={createdAt} /> },
    {
      header: 'Last used',
      show: 'wide',
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Age time={lastUsedAt} />),
    },
    { header: 'Ends', cell: ({ expiresAt }) => <Expiry time={expiresAt} /> },
    {
      header: '',
      align: 'end',
      cell: (token) => (
        <Button look="quiet" aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
          Revoke
        </Button>
      ),
    },
  ]
  const create = (
    <Button look="primary" onClick={() => setCreating(true)}>
      Make a token
    </Button>
  )
  return (
    <>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={KeyRound} title="No tokens" actions={create}>
              <p>
                A token lets the command line or a program use the API as you, with the rights that you give
                it and no others. For a shell, <code>atelier login</code> makes one by itself.
              </p>
            </EmptyState>
          ) : (
            <Stack>
              <Row>{create}</Row>
              <PlainTable label="API tokens" columns={columns} rows={items} rowKey={({ id }) => id} />
            </Stack>
          )
        }
      </Loaded>
      <Dialog open={creating} onClose={() => setCreating(false)} title="Make a token">
        <CreateToken onDone={() => setCreating(false)} />
      </Dialog>
      <Dialog open={revoking !== undefined} onClose={() => setRevoking(undefined)} title="Revoke the token?">
        {revoking !== undefined && <Revoke token={revoking} onDone={() => setRevoking(undefined)} />}
      </Dialog>
    </>
  )
}

function Expiry({ time }: { readonly time: string }) {
  const { words, soon } = endOf(time, useNow())
  return soon ? (
    <Tag tone="warn">{words}</Tag>
  ) : (
    <time dateTime={time} title={formatMoment(time)}>
      {words}
    </time>
  )
}

function Revoke({ token, onDone }: { readonly token: ApiToken; readonly onDone: () => void }) {
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const revoke = useMutation({
    mutationFn: () => studio.revokeToken({ params: { tokenId: token.id } }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['tokens'] })
      say(`${token.name} opens nothing any more.`)
      onDone()
    },
  })
  return (
    <Stack>
      <p>
        What uses <strong>{token.name}</strong> is refused from now on. This cannot be taken back; a new token
        can be made any time.
      </p>
      {revoke.isError && <ErrorNote error={revoke.error} />}
      <Row>
        <Button look="quiet" onClick={onDone}>
          Keep it
        </Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke
        </Button>
      </Row>
    </Stack>
  )
}
