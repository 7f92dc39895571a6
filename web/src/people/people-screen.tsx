import { useState } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Users } from 'lucide-react'
import { meQuery, type Answer } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { Button, Dialog, EmptyState, Page, Tag } from '../ui/index.ts'
import { Loaded, Split } from '../panels/index.ts'
import { AddMember } from './add-member.tsx'
import { MemberDetail } from './member-detail.tsx'
import { peopleQuery, type Member } from './queries.ts'
import { rolesInWords } from './role-words.ts'

/** Who may do what: people, services, and their roles in the tenant and in projects. */
export function PeopleScreen() {
  const { values } = useSearchParameters()
  const query = useInfiniteQuery(peopleQuery)
  const { data: me } = useQuery(meQuery)
  const [adding, setAdding] = useState(false)
  const { hasNextPage, fetchNextPage, isFetchingNextPage } = query
  return (
    <Page
      title="People and roles"
      lead="Every act has somebody who did it and, where a program did, a person who answers for it."
      actions={
        me?.may.includes('manage-people') === true && (
          <Button look="primary" onClick={() => setAdding(true)}>
            Add somebody
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ pages }) => {
          const members = pages.flatMap(({ items }) => items)
          const chosen = members.find(({ id }) => id === (values['member'] ?? members[0]?.id))
          return (
            <Split
              label="People"
              parameter="member"
              chosen={values['member']}
              items={members.map((member) => itemOf(member, me?.id))}
            >
              {chosen === undefined ? (
                <EmptyState icon={Users} title="Nobody has this id">
                  <p>Choose somebody from the list.</p>
                </EmptyState>
              ) : (
                <MemberDetail
                  key={chosen.id}
                  member={chosen}
                  self={chosen.id === me?.id}
                  mayManage={me !== undefined && mayManage(me)}
                />
              )}
              {hasNextPage && (
                <Button look="quiet" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  Load more people
                </Button>
              )}
            </Split>
          )
        }}
      </Loaded>
      <Dialog open={adding} onClose={() => setAdding(false)} title="Add somebody">
        <AddMember onDone={() => setAdding(false)} />
      </Dialog>
    </Page>
  )
}

/** Owners manage people, and those of a project the roles in it. */
function mayManage({ may, projectRoles }: Answer<'getMe'>): boolean {
  return may.includes('manage-people') || Object.values(projectRoles).some((roles) => roles.includes('owner'))
}

function itemOf(member: Member, self: string | undefined) {
  const { id, kind, name, disabled } = member
  return {
    id,
    title: id === self ? `${name} (you)` : name,
    note: rolesInWords(member),
    group: kind === 'person' ? 'People' : 'Services',
    beside: disabled ? <Tag tone="warn">disabled</Tag> : undefined,
  }
}
