import { useEffect, useRef, useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CloudOff } from 'lucide-react'
import { mayHaveArrived, runQuery, studio, type Run } from '../api/index.ts'
import { useOnline } from '../app/connection-banner.tsx'
import { dialogGroup, useShortcuts } from '../keyboard/index.ts'
import {
  Button,
  Digest,
  ErrorNote,
  Facts,
  plural,
  repositoryName,
  TextArea,
  useAnnouncer,
} from '../ui/index.ts'
import { DecisionKeys, type DecisionBody } from './attempted-decision.ts'
import styles from './decision-form.module.css'

const done: Readonly<Record<DecisionBody['decision'], string>> = {
  approved: 'Approved. The change is being published.',
  rejected: 'Rejected. Nothing is published.',
  'changes-requested': 'Asked for changes.',
}
const verbs: Readonly<Record<DecisionBody['decision'], string>> = {
  approved: 'Approve',
  rejected: 'Reject',
  'changes-requested': 'Ask for changes',
}

/**
 * What is decided, in words and digests, and the confirmation. A decision is never kept for later: offline it is refused, and
 * one that was cut off in the middle can be sent again and counts once.
 */
export function DecisionForm({
  run,
  decision,
  onDone,
}: {
  readonly run: Run
  readonly decision: DecisionBody['decision']
  readonly onDone: () => void
}) {
  const [reason, setReason] = useState('')
  const keys = useRef(new DecisionKeys())
  const cache = useQueryClient()
  const online = useOnline()
  const { say } = useAnnouncer()
  const { approval, summary, proof } = run.report
  const subject = approval?.subject ?? ''
  const needsReason = decision !== 'approved'

  const decide = useMutation({
    mutationFn: () => {
      const body: DecisionBody = { decision, reason: reason.trim(), subject }
      return studio.decideRun({ params: { runId: run.id }, body, idempotencyKey: keys.current.keyFor(body) })
    },
    onSuccess: (next) => {
      cache.setQueryData(runQuery(run.id).queryKey, next)
      void cache.invalidateQueries({ queryKey: ['inbox'] })
      void cache.invalidateQueries({ queryKey: ['runs'] })
      say(done[decision])
      onDone()
    },
    onError: () => void cache.invalidateQueries(runQuery(run.id)),
  })
  const isReady = online && !decide.isPending && (!needsReason || reason.trim() !== '')
  const confirm = (): void => {
    if (isReady) decide.mutate()
  }
  useShortcuts([{ keys: 'mod+enter', does: verbs[decision], group: dialogGroup, run: confirm }])

  // Somebody else was faster, or the decision had arrived although the answer was lost.
  const hasEndedElsewhere = approval?.status !== 'pending' && !decide.isPending && decide.isError
  useEffect(() => {
    if (online && decide.isError) void cache.invalidateQueries(runQuery(run.id))
  }, [online, decide.isError, cache, run.id])

  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault()
        confirm()
      }}
    >
      <p className={styles['asked']}>{run.title}</p>
      <Facts
        facts={[
          ['Repository', repositoryName(run.repository)],
          [
            'Change',
            summary === null
              ? '–'
              : `${plural(summary.files.length, 'file')}, +${summary.added} −${summary.deleted}`,
          ],
          ['Tests', proof === null ? '–' : `${proof.passed} pass, ${proof.failed} fail`],
          ['Bound to', <Digest key="subject" value={subject} label="digest of what is decided" />],
        ]}
      />
      <TextArea
        label={needsReason ? 'Reason' : 'Remark (optional)'}
        hint={
          decision === 'changes-requested'
            ? 'Say what should be different. Whoever goes on with it reads this.'
            : 'It stands in the audit log.'
        }
        autoFocus
        required={needsReason}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {!online && (
        <p className={styles['offline']} role="status">
          <CloudOff size={16} aria-hidden /> You are offline, so nothing can be decided now.
        </p>
      )}
      {hasEndedElsewhere ? (
        <p role="alert" className={styles['offline']}>
          This is decided by now: {approval?.status ?? 'no longer waiting'}
          {approval?.decidedBy != null && ` by ${approval.decidedBy}`}. Close this and look at the run.
        </p>
      ) : (
        decide.isError &&
        (mayHaveArrived(decide.error) ? (
          <p role="alert" className={styles['offline']}>
            <CloudOff size={16} aria-hidden /> The connection broke, so it is not known whether your decision
            arrived. Send it again when you are back: it counts once.
          </p>
        ) : (
          <ErrorNote error={decide.error} />
        ))
      )}
      <div className={styles['buttons']}>
        <Button look="quiet" onClick={onDone}>
          Not now
        </Button>
        <Button
          look={decision === 'rejected' ? 'danger' : 'primary'}
          type="submit"
          keys="mod+enter"
          busy={decide.isPending}
          disabled={!isReady}
        >
          {decide.isError && mayHaveArrived(decide.error) ? 'Send again' : verbs[decision]}
        </Button>
      </div>
    </form>
  )
}
