import { useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { EmptyState, Facts, formatDuration, formatMoney, Page, Section, Tabs, Tag } from '../../ui/index.ts'
import { Loaded, Soft, Source, Split, Stack } from '../../panels/index.ts'
import { toolsQuery, type Tool } from '../queries.ts'
import { ToolServers } from './tool-servers.tsx'

/** What a tool can do to the world, from least to most. */
const effects: Readonly<
  Record<Tool['effect'], { readonly words: string; readonly tone: 'quiet' | 'busy' | 'warn' | 'bad' }>
> = {
  read: { words: 'only reads', tone: 'quiet' },
  workspace: { words: 'changes the workspace', tone: 'busy' },
  'external-reversible': { words: 'reaches out, can be undone', tone: 'warn' },
  'external-irreversible': { words: 'reaches out for good', tone: 'bad' },
}

const tabs = [
  { id: 'tools', label: 'Tools' },
  { id: 'servers', label: 'MCP servers' },
] as const

/** What agents can do: each tool with its schemas and effects, and the servers that offer more. */
export function ToolsScreen() {
  const { values } = useSearchParameters()
  const current = values['view'] === 'servers' ? 'servers' : 'tools'
  return (
    <Page
      title="Tools"
      lead="Each use of a tool is checked against policies and budget, and recorded with digests of what went in and came out."
      bar={<Tabs label="Views of tools" tabs={tabs} current={current} />}
    >
      {current === 'servers' ? <ToolServers /> : <ToolList chosen={values['tool']} />}
    </Page>
  )
}

function ToolList({ chosen }: { readonly chosen: string | undefined }) {
  const query = useQuery(toolsQuery)
  return (
    <Loaded query={query} lines={10}>
      {({ items }) => {
        const tool = items.find(({ name }) => name === chosen) ?? items[0]
        return (
          <Split
            label="Tools"
            parameter="tool"
            chosen={chosen}
            items={items.map(({ name, summary, effect }) => ({
              id: name,
              title: name,
              note: summary,
              group: effects[effect].words,
            }))}
          >
            {tool === undefined ? (
              <EmptyState icon={Boxes} title="No tools">
                <p>This studio has none, so agents can only answer.</p>
              </EmptyState>
            ) : (
              <ToolDetail tool={tool} />
            )}
          </Split>
        )
      }}
    </Loaded>
  )
}

function ToolDetail({ tool }: { readonly tool: Tool }) {
  const { name, summary, effect, permissions, failureModes, worstCase, input, output, agents } = tool
  return (
    <>
      <Section title={name} beside={<Tag tone={effects[effect].tone}>{effects[effect].words}</Tag>}>
        <Stack>
          <Soft>{summary}</Soft>
          <Facts
            facts={[
              ['Granted to', agents.join(', ') || 'no agent'],
              ['Permissions', permissions.join(', ') || 'none'],
              ['Takes at most', formatDuration(worstCase.seconds)],
              ['Costs at most', formatMoney(worstCase.money)],
            ]}
          />
        </Stack>
      </Section>
      <Section title="What goes in">
        <Source label={`Input of ${name}, as JSON Schema`} text={JSON.stringify(input, null, 2)} />
      </Section>
      <Section title="What comes out">
        <Source label={`Output of ${name}, as JSON Schema`} text={JSON.stringify(output, null, 2)} />
      </Section>
      {failureModes.length > 0 && (
        <Section title="How it fails">
          <Soft>{failureModes.join(', ')}</Soft>
        </Section>
      )}
    </>
  )
}
