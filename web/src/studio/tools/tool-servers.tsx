import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { PlugZap } from 'lucide-react'
import { studio, useMay } from '../../api/index.ts'
import {
  Age,
  Button,
  Dialog,
  EmptyState,
  ErrorNote,
  principalName,
  Section,
  Status,
  Tag,
  useAnnouncer,
} from '../../ui/index.ts'
import { Loaded, PlainTable, Row, Soft, Source, Stack } from '../../panels/index.ts'
import { toolServersQuery, type ToolServer } from '../queries.ts'

type ServerTool = ToolServer['tools'][number]

const states: Readonly<Record<ServerTool['state'], readonly [status: string, word: string]>> = {
  accepted: ['passed', 'Accepted'],
  new: ['waiting', 'New, waits for a person'],
  changed: ['escalated', 'Changed, in quarantine'],
  gone: ['skipped', 'No longer offered'],
}

/** MCP servers with what they offer. What is new or has changed is kept from agents until somebody has looked at it. */
export function ToolServers() {
  const query = useQuery(toolServersQuery)
  return (
    <Loaded query={query} lines={4}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={PlugZap} title="No MCP servers">
            <p>
              Enter servers in <code>mcp.yaml</code> in the data directory. What they offer waits here until
              somebody accepts it, and again whenever a definition changes.
            </p>
          </EmptyState>
        ) : (
          items.map((server) => <Server key={server.server} server={server} />)
        )
      }
    </Loaded>
  )
}

function Server({ server: { server, place, tools } }: { readonly server: ToolServer }) {
  const [looking, setLooking] = useState<ServerTool>()
  const mayAccept = useMay({ inSomeProject: 'accept-tool' })
  const cache = useQueryClient()
  const inspect = useMutation({
    mutationFn: () => studio.inspectToolServer({ params: { server } }),
    onSettled: () => cache.invalidateQueries(toolServersQuery),
  })
  return (
    <Section
      title={server}
      beside={
        mayAccept === true && (
          <Button busy={inspect.isPending} onClick={() => inspect.mutate()}>
            Ask what it offers
          </Button>
        )
      }
    >
      <Stack>
        <Soft>
          <code>{place}</code>
        </Soft>
        {inspect.isError && <ErrorNote error={inspect.error} />}
        {tools.length === 0 ? (
          <Soft>Nothing is known of it yet. Asking starts it once and records what it offers.</Soft>
        ) : (
          <PlainTable
            label={`Tools of ${server}`}
            rows={tools}
            rowKey={({ tool }) => tool}
            columns={[
              { header: 'Tool', cell: ({ name }) => <strong>{name}</strong> },
              {
                header: 'State',
                cell: ({ state }) => <Status status={states[state][0]} word={states[state][1]} />,
              },
              {
                header: 'Effect',
                show: 'wide',
                cell: ({ effect }) => (
                  <Tag tone={effect === 'read' ? 'quiet' : 'warn'}>
                    {effect === 'read' ? 'only reads' : 'reaches out'}
                  </Tag>
                ),
              },
              {
                header: 'Accepted',
                show: 'wide',
                cell: ({ accepted }) =>
                  accepted === null ? (
                    '–'
                  ) : (
                    <>
                      <Age time={accepted.at} /> by {principalName(accepted.by)}
                    </>
                  ),
              },
              {
                header: '',
                align: 'end',
                cell: (tool) => (
                  <Button look="quiet" aria-label={`Look at ${tool.name}`} onClick={() => setLooking(tool)}>
                    Look
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Stack>
      <Dialog
        open={looking !== undefined}
        onClose={() => setLooking(undefined)}
        title={looking?.name ?? ''}
        size="large"
      >
        {looking !== undefined && (
          <Definition server={server} tool={looking} onDone={() => setLooking(undefined)} />
        )}
      </Dialog>
    </Section>
  )
}

function Definition({
  server,
  tool: { tool, name, state, seen, accepted },
  onDone,
}: {
  readonly server: string
  readonly tool: ServerTool
  readonly onDone: () => void
}) {
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const accept = useMutation({
    mutationFn: (digest: string) => studio.acceptTool({ params: { server, tool }, body: { digest } }),
    onSuccess: async () => {
      await cache.invalidateQueries(toolServersQuery)
      say(`Agents that are granted ${name} may use it from now on.`)
      onDone()
    },
  })
  const mayAccept = useMay({ inSomeProject: 'accept-tool' })
  const isOpen = (state === 'new' || state === 'changed') && seen !== null && mayAccept === true
  return (
    <Stack>
      <Status status={states[state][0]} word={states[state][1]} />
      {state === 'changed' && accepted !== null && (
        <>
          <h3>As it was accepted</h3>
          <Source label="Accepted definition" text={JSON.stringify(accepted.definition, null, 2)} wrap />
        </>
      )}
      <h3>{state === 'changed' ? 'As it is now' : 'Definition'}</h3>
      <Source label="Definition" text={JSON.stringify((seen ?? accepted)?.definition ?? {}, null, 2)} wrap />
      {isOpen && (
        <>
          <Soft>
            Read the description as a stranger’s words to your agents: it must not give them orders. You
            accept exactly this text; should it change again, it waits again.
          </Soft>
          {accept.isError && <ErrorNote error={accept.error} />}
          <Row>
            <Button look="quiet" onClick={onDone}>
              Leave it in quarantine
            </Button>
            <Button look="primary" busy={accept.isPending} onClick={() => accept.mutate(seen.digest)}>
              Accept it
            </Button>
          </Row>
        </>
      )}
    </Stack>
  )
}
