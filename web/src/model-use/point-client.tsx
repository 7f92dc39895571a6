import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../api/index.ts'
import { CreateToken } from '../credentials/create-token.tsx'
import { Row, Soft, Source, Stack } from '../panels/index.ts'
import { useAllProjects } from '../project/index.ts'
import { modelsQuery } from '../studio/queries.ts'
import { Button, Choice, CopyButton, Dialog } from '../ui/index.ts'
import { clients } from './clients.ts'

/** What to write where, so that a client asks the studio and not a provider. */
export function PointClient() {
  const [client, setClient] = useState(clients[0])
  const [project, setProject] = useState('')
  const [model, setModel] = useState('')
  const [making, setMaking] = useState(false)
  const mayMakeTokens = useMay({ inTenant: 'manage-own-tokens' })
  const projects = useAllProjects().filter(({ may, archived }) => !archived && may.includes('use-models'))
  const names = useNames()
  const chosen = names.includes(model) ? model : (names[0] ?? 'MODEL')
  const place = {
    origin: window.location.origin,
    model: chosen,
    project: project === '' ? undefined : project,
  }
  const text = client?.text(place) ?? ''
  return (
    <Stack>
      <Row align="end">
        <Choice
          label="Client"
          value={client?.id ?? ''}
          choices={clients.map(({ id, name }) => [id, name])}
          onChange={(value) => setClient(clients.find(({ id }) => id === value))}
        />
        {names.length > 0 && (
          <Choice
            label="Model or route"
            value={chosen}
            choices={names.map((name) => [name, name])}
            onChange={setModel}
          />
        )}
        {projects.length > 1 && (
          <Choice
            label="Charged to"
            value={project}
            choices={[
              ['', 'The project of the token'],
              ...projects.map(({ id, name }) => [id, name] as const),
            ]}
            onChange={setProject}
          />
        )}
      </Row>
      <div>
        <Row>
          <Soft>{client?.words}</Soft>
          <CopyButton text={text} label="Copy the settings" />
        </Row>
        <Source label="Settings of the client" text={text} />
      </div>
      {mayMakeTokens === true ? (
        <Row>
          <Button onClick={() => setMaking(true)}>Make a token for models</Button>
          <Soft>In the place of TOKEN comes one that is made for models. It opens nothing else.</Soft>
        </Row>
      ) : (
        <Soft>
          In the place of TOKEN comes one that is made for models. Tokens are made by those who have a role in
          the whole tenant: ask an owner for one.
        </Soft>
      )}
      <Dialog open={making} onClose={() => setMaking(false)} title="Make a token for models">
        <CreateToken scopes={['models']} onDone={() => setMaking(false)} />
      </Dialog>
    </Stack>
  )
}

/** Routes first: they stay the same when the models behind them change. */
function useNames(): readonly string[] {
  const may = useMay({ inTenant: 'read-studio' })
  const { data } = useQuery({ ...modelsQuery, enabled: may === true })
  if (data === undefined) return []
  return [...data.routes.map(({ name }) => name), ...data.models.map(({ id }) => id)]
}
