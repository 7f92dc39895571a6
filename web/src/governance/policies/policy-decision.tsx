import { useQuery } from '@tanstack/react-query'
import { meQuery, studio, useMay } from '../../api/index.ts'
import { principalName } from '../../ui/index.ts'
import { Soft, Stack, TextDecision } from '../../panels/index.ts'
import { obstacleTo } from './stage.ts'
import type { OwnPolicy } from './queries.ts'

/** What speaks against putting a draft into force, or the decision about it. */
export function PolicyDecision({ draft }: { readonly draft: OwnPolicy }) {
  const { data: me } = useQuery(meQuery)
  const obstacle = obstacleTo(draft)
  const mayDecide = useMay({ inTenant: 'decide-policy' })
  const isAuthor = me !== undefined && draft.authors.includes(me.id)
  return (
    <Stack>
      {obstacle !== undefined && <Soft>It can be approved once it is ready. {obstacle}</Soft>}
      {isAuthor ? (
        <Soft>
          You wrote at this draft, so somebody else decides about it: ask a person with the role security or
          owner to open this page. Written by {draft.authors.map(principalName).join(', ')}.
        </Soft>
      ) : mayDecide !== true ? (
        <Soft>It waits for somebody who decides about policies.</Soft>
      ) : (
        <TextDecision
          what={`version ${draft.version} of ${draft.name}`}
          canApprove={obstacle === undefined}
          approve="Put it into force"
          done={['It is in force, in every process within a second.', 'The draft is rejected.']}
          invalidates={['policies']}
          decide={(verdict, reason) =>
            studio.decidePolicy({
              params: { name: draft.name },
              body: { digest: draft.digest, verdict, reason },
            })
          }
        />
      )}
    </Stack>
  )
}
