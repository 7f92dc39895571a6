import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { LockKeyhole } from 'lucide-react'
import { meQuery, rightsQuery, type Need } from '../api/index.ts'
import { buttonClass, EmptyState, Page } from '../ui/index.ts'

const either = new Intl.ListFormat('en', { type: 'disjunction' })
const both = new Intl.ListFormat('en', { type: 'conjunction' })

/** In place of a screen that one may not see: with which roles one could, and who can see to that. */
export function Closed({ title, need }: { readonly title: string; readonly need: Need }) {
  const { data: me } = useQuery(meQuery)
  const { data } = useQuery(rightsQuery)
  const right = 'inTenant' in need ? need.inTenant : need.inSomeProject
  const inProject = !('inTenant' in need)
  const found = data?.items.find((item) => item.right === right && item.inProject === inProject)
  const held = [...new Set([...(me?.roles ?? []), ...Object.values(me?.projectRoles ?? {}).flat()])]
  return (
    <Page title={title}>
      <EmptyState
        icon={LockKeyhole}
        title="This is not open to you"
        actions={
          <Link to="/inbox" className={buttonClass('primary')}>
            Go to the inbox
          </Link>
        }
      >
        {found !== undefined && (
          <p>
            {found.roles.length === 0
              ? 'The policies in force show it to nobody.'
              : `It takes the role ${either.format(found.roles)}${inProject ? ', everywhere or in a project' : ' in the whole tenant'}. ${
                  held.length === 0
                    ? 'You have none'
                    : `You have ${held.length === 1 ? 'the role' : 'the roles'} ${both.format(held)}`
                }; an owner can give you another.`}
          </p>
        )}
      </EmptyState>
    </Page>
  )
}
