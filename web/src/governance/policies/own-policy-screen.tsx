import { useQuery } from '@tanstack/react-query'
import { usePathParameter, useSearchParameters } from '../../app/search-parameters.ts'
import { Page, Status, Tabs } from '../../ui/index.ts'
import { Loaded } from '../../panels/index.ts'
import { PolicyDraft } from './policy-draft.tsx'
import { PolicyVersions } from './policy-versions.tsx'
import { policyVersionsQuery } from './queries.ts'

/** One policy of the tenant's own: written, simulated, approved, and what it was before. */
export function OwnPolicyScreen() {
  const name = usePathParameter('name')
  const { values } = useSearchParameters()
  const query = useQuery(policyVersionsQuery(name))
  const versions = query.data ?? []
  const current = values['view'] === 'versions' ? 'versions' : 'draft'
  const shown = versions.find(({ state }) => state === 'draft') ?? versions[0]
  return (
    <Page
      title={name}
      beside={shown !== undefined && <Status status={shown.state} look="pill" />}
      bar={
        <Tabs
          label="This policy"
          current={current}
          tabs={[
            { id: 'draft', label: 'Text and simulation' },
            { id: 'versions', label: 'Versions', count: versions.length },
          ]}
        />
      }
    >
      <Loaded query={query} lines={12}>
        {(items) =>
          current === 'versions' ? (
            <PolicyVersions versions={items} />
          ) : (
            <PolicyDraft key={name} name={name} versions={items} />
          )
        }
      </Loaded>
    </Page>
  )
}
