import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Page, Tag } from '../../ui/index.ts'
import { Loaded, PlainTable, type PlainColumn } from '../../panels/index.ts'
import { workflowsQuery, type WorkflowDetail } from '../queries.ts'

type Listed = Omit<WorkflowDetail, 'draft' | 'versions' | 'estimate'>

const columns: readonly PlainColumn<Listed>[] = [
  {
    header: 'Workflow',
    cell: ({ name }) => (
      <Link to={`/workflows/${name}`}>
        <strong>{name}</strong>
      </Link>
    ),
  },
  { header: 'For', cell: ({ kind }) => kind },
  { header: 'Steps', align: 'end', cell: ({ definition }) => definition.steps.length },
  { header: 'Version', show: 'wide', align: 'end', cell: ({ definition }) => definition.version },
  { header: 'From', cell: ({ own }) => <Tag>{own === null ? 'shipped' : 'our own'}</Tag> },
  { header: 'What it does', show: 'wide', cell: ({ definition }) => definition.description },
]

/** The workflows that runs start with, one for each kind of work. */
export function WorkflowsScreen() {
  const query = useQuery(workflowsQuery)
  return (
    <Page
      title="Workflows"
      lead="The steps that work takes. A run goes on with the version it was started with; a new one holds for new runs."
    >
      <Loaded query={query}>
        {({ items }) => (
          <PlainTable label="Workflows" columns={columns} rows={items} rowKey={({ name }) => name} />
        )}
      </Loaded>
    </Page>
  )
}
