import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Button, ErrorNote, TextArea, useAnnouncer } from '../ui/index.ts'
import { Row, Stack } from './layout.tsx'

type Verdict = 'approved' | 'rejected'

/** The decision about a draft that somebody else wrote: one of the two, with a reason that stays in the records. */
export function TextDecision({
  what,
  canApprove,
  approve,
  done,
  invalidates,
  decide,
}: {
  /** What is decided about, as in `Reject …`. */
  readonly what: string
  readonly canApprove: boolean
  readonly approve: string
  /** What is said once it is approved, or rejected. */
  readonly done: readonly [approved: string, rejected: string]
  /** Beginning of the keys of queries that are to be asked again. */
  readonly invalidates: readonly string[]
  readonly decide: (verdict: Verdict, reason: string) => Promise<unknown>
}) {
  const [reason, setReason] = useState('')
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const work = useMutation({
    mutationFn: (verdict: Verdict) => decide(verdict, reason.trim()),
    onSuccess: async (_, verdict) => {
      await cache.invalidateQueries({ queryKey: invalidates })
      say(done[verdict === 'approved' ? 0 : 1])
    },
  })
  return (
    <Stack>
      <TextArea
        label="Reason"
        hint="It stands in the audit log. To reject, it is needed."
        rows={2}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {work.isError && <ErrorNote error={work.error} />}
      <Row>
        <Button
          look="primary"
          disabled={!canApprove}
          busy={work.isPending && work.variables === 'approved'}
          onClick={() => work.mutate('approved')}
        >
          {approve}
        </Button>
        <Button
          look="danger"
          aria-label={`Reject ${what}`}
          disabled={reason.trim() === ''}
          busy={work.isPending && work.variables === 'rejected'}
          onClick={() => work.mutate('rejected')}
        >
          Reject
        </Button>
      </Row>
    </Stack>
  )
}
