import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bot } from 'lucide-react'
import { useSearchParameters } from '../app/search-parameters.ts'
import { Digest, EmptyState, Facts, Page, Section, Tag } from '../ui/index.ts'
import { Loaded, Soft, Source, Split, Stack } from '../panels/index.ts'
import { agentsQuery, type Agent } from './queries.ts'
import { SettingsList } from './settings-list.tsx'
import styles from './studio.module.css'

const players: Readonly<Record<Agent['playedBy'], string>> = {
  model: 'a model',
  tool: 'a tool, without any model',
  program: 'a coding agent of its own',
}

/** Who does the work: what each agent is told, what it may use, and where its limits are. */
export function AgentsScreen() {
  const { values } = useSearchParameters()
  const query = useQuery(agentsQuery)
  return (
    <Page
      title="Agents"
      lead="An agent is a file: its instructions, the tools it is granted, and its limits. It can use nothing else."
    >
      <Loaded query={query} lines={10}>
        {({ items }) => {
          const chosen = items.find(({ name }) => name === values['agent']) ?? items[0]
          return (
            <Split
              label="Agents"
              parameter="agent"
              chosen={values['agent']}
              items={items.map(({ name, role, version }) => ({
                id: name,
                title: name,
                note: role,
                beside: <Tag>{`v${version}`}</Tag>,
              }))}
            >
              {chosen === undefined ? (
                <EmptyState icon={Bot} title="No agents">
                  <p>
                    Put a file with instructions into the folder agents; the studio reads it when it starts.
                  </p>
                </EmptyState>
              ) : (
                <AgentDetail agent={chosen} />
              )}
            </Split>
          )
        }}
      </Loaded>
    </Page>
  )
}

function AgentDetail({ agent }: { readonly agent: Agent }) {
  const { name, role, version, digest, playedBy, instructions, tools, settings, workflows } = agent
  return (
    <>
      <Section title={name} beside={<Tag>{`version ${version}`}</Tag>}>
        <Stack>
          <Soft>{role}</Soft>
          <Facts
            facts={[
              ['Played by', players[playedBy]],
              ['Used by', workflows.length === 0 ? 'no workflow in use' : workflows.join(', ')],
              ['Digest of this version', <Digest key="digest" value={digest} />],
            ]}
          />
        </Stack>
      </Section>
      <Section title="Granted tools">
        {tools.length === 0 ? (
          <Soft>None: it can only answer.</Soft>
        ) : (
          <ul className={styles['chips']}>
            {tools.map((tool) => (
              <li key={tool}>
                <Link to={`/tools?tool=${encodeURIComponent(tool)}`} className={styles['chip']}>
                  {tool}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title="Limits and model">
        <SettingsList settings={settings} />
      </Section>
      {instructions.trim() !== '' && (
        <Section title="Instructions">
          <Source label={`Instructions of ${name}`} text={instructions} wrap />
        </Section>
      )}
    </>
  )
}
