import { useRef } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CloudOff } from 'lucide-react'
import { mayHaveArrived, studio, type Decision } from '../api/index.ts'
import { useOnline } from '../app/connection-banner.tsx'
import { dialogGroup, useShortcuts } from '../keyboard/index.ts'
import {
  Button,
  Digest,
  ErrorNote,
  Facts,
  repositoryName,
  TextArea,
  useAnnouncer,
  useDraft,
} from '../ui/index.ts'
import { DecisionKeys } from './attempted-decision.ts'
import type { Subject } from './subject.ts'
import styles from './decision-form.module.css'

export type Verdict = Decision['verdict']

const done: Readonly<Record<Verdict, string>> = {
  approved: 'Approved. The change is being published.',
  rejected: 'Rejected. Nothing is published.',
  'changes-requested': 'Asked for changes. A new run takes them up.',
}
const verbs: Readonly<Record<Verdict, string>> = {
  approved: 'Approve',
  rejected: 'Reject',
  'changes-requested': 'Ask for changes',
}

/**
 * What is decided, in words and digests, and the confirmation. A decision is never kept for later: offline it cannot be made,
 * and one that was cut off in the middle can be sent again and counts once.
 */
export function DecisionForm({
  subject,
  verdict,
  onDone,
  onCancel,
}: {
  readonly subject: Subject
  readonly verdict: Verdict
  readonly onDone: () => void
  readonly onCancel: () => void
}) {
  const [reason, setReason] = useDraft(`decision-${subject.approvalId}`)
  const online = useOnline()
  const decide = useDecision(subject, verdict, () => {
    setReason('')
    onDone()
  })
  const needsReason = verdict !== 'approved'
  const isReady = online && !decide.isPending && (!needsReason || reason.trim() !== '')
  const confirm = (): void => {
    // The page may not have shown yet that the network is gone.
    if (isReady && navigator.onLine) decide.mutate(reason.trim())
  }
  useShortcuts([{ keys: 'mod+enter', does: verbs[verdict], group: dialogGroup, run: confirm }])
  const isUncertain = decide.isError && mayHaveArrived(decide.error)

  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault()
        confirm()
      }}
    >
      <p className={styles['asked']}>{subject.title}</p>
      <Facts
        facts={[
          ['Repository', repositoryName(subject.repository)],
          ...subject.facts,
          ['Bound to', <Digest key="digest" value={subject.digest} label="digest of what is decided" />],
        ]}
      />
      <TextArea
        label={needsReason ? 'Reason' : 'Remark (optional)'}
        hint={
          verdict === 'changes-requested'
            ? 'Say what should be different. The next run reads this and the open comments.'
            : 'It stands in the audit log.'
        }
        autoFocus
        required={needsReason}
        maxLength={5000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {!online && (
        <p className={styles['offline']} role="status">
          <CloudOff size={16} aria-hidden /> You are offline, so nothing can be decided now.
        </p>
      )}
      {isUncertain && (
        <p role="alert" className={styles['offline']}>
          <CloudOff size={16} aria-hidden /> The connection broke, so it is not known whether your decision
          arrived. Send it again when you are back: it counts once.
        </p>
      )}
      {decide.isError && !isUncertain && <ErrorNote error={decide.error} />}
      <div className={styles['buttons']}>
        <Button look="quiet" onClick={onCancel}>
          Not now
        </Button>
        <Button
          look={verdict === 'rejected' ? 'danger' : 'primary'}
          type="submit"
          keys="mod+enter"
          busy={decide.isPending}
          disabled={!isReady}
        >
          {isUncertain ? 'Send again' : verbs[verdict]}
        </Button>
      </div>
    </form>
  )
}

/** Sends a decision, and has everything that shows it read again. */
function useDecision({ approvalId, runId, digest }: Subject, verdict: Verdict, onDone: () => void) {
  const keys = useRef(new DecisionKeys())
  const cache = useQueryClient()
  const navigate = useNavigate()
  const { say } = useAnnouncer()
  const readAgain = (): void => {
    for (const queryKey of [['run', runId], ['inbox'], ['runs']]) void cache.invalidateQueries({ queryKey })
  }
  return useMutation({
    mutationFn: (reason: string) => {
      const body: Decision = { verdict, reason, subject: digest }
      const idempotencyKey = keys.current.keyFor(body)
      return studio.decideApproval({ params: { approvalId }, body, idempotencyKey })
    },
    onSuccess: ({ followUpRunId }) => {
      say(done[verdict])
      onDone()
      readAgain()
      if (followUpRunId !== null) void navigate({ to: `/runs/${followUpRunId}` })
    },
    // Somebody else was faster, or the change is another one by now: show what is.
    onError: (error) => {
      if (!mayHaveArrived(error)) readAgain()
    },
  })
}
