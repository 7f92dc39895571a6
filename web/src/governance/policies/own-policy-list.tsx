import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { Age, EmptyState, plural, principalName, Status } from '../../ui/index.ts'
import { Loaded, PlainTable, type PlainColumn } from '../../panels/index.ts'
import { ownPoliciesQuery, type OwnPolicy } from './queries.ts'

const columns: readonly PlainColumn<OwnPolicy>[] = [
  {
    header: 'Policy',
    cell: ({ name }) => (
      <Link to={`/policies/${name}`}>
        <strong>{name}</strong>
      </Link>
    ),
  },
  { header: 'State', cell: ({ state }) => <Status status={state} /> },
  { header: 'Version', align: 'end', show: 'wide', cell: ({ version }) => version },
  { header: 'Written by', show: 'wide', cell: ({ authors }) => authors.map(principalName).join(', ') },
  {
    header: 'Would have blocked',
    cell: ({ rehearsal }) =>
      rehearsal?.simulation == null ? 'not simulated' : plural(rehearsal.simulation.blocked.count, 'act'),
  },
  { header: 'Changed', align: 'end', cell: ({ changedAt }) => <Age time={changedAt} /> },
]

/** Policies that people of the tenant wrote: what is in force, and drafts. */
export function OwnPolicyList() {
  const query = useQuery(ownPoliciesQuery)
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={ScrollText} title="No policy of your own yet">
            <p>
              Write one to forbid more than the shipped policies do, for example publishing at night. Before
              it holds, it is simulated over what really happened: you see which acts it would have blocked,
              and then another person approves it.
            </p>
          </EmptyState>
        ) : (
          <PlainTable
            label="Policies of our own"
            columns={columns}
            rows={items}
            rowKey={({ name, version }) => `${name} ${version}`}
          />
        )
      }
    </Loaded>
  )
}
