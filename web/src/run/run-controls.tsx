import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { runQuery, studio, type Run } from '../api/index.ts'
import { Button, Dialog, ErrorNote, TextArea, useAnnouncer, useDraft } from '../ui/index.ts'
import styles from './run-controls.module.css'

/** Stops a run, or goes on with one. */
export function RunControls({ run }: { readonly run: Run }) {
  const [stopping, setStopping] = useState(false)
  const cache = useQueryClient()
  const { say, sayFailure } = useAnnouncer()
  const resume = useMutation({
    mutationFn: () => studio.resumeRun({ params: { runId: run.id } }),
    onSuccess: (next) => {
      cache.setQueryData(runQuery(run.id).queryKey, next)
      say('The run goes on')
    },
    onError: sayFailure,
  })
  return (
    <>
      {run.status === 'failed' && run.may.includes('resume') && (
        <Button busy={resume.isPending} onClick={() => resume.mutate()}>
          Try the failed steps again
        </Button>
      )}
      {run.endedAt === null && run.may.includes('cancel') && (
        <Button look="quiet" onClick={() => setStopping(true)}>
          Cancel the run
        </Button>
      )}
      <Dialog open={stopping} onClose={() => setStopping(false)} title="Cancel the run">
        <CancelForm run={run} onDone={() => setStopping(false)} />
      </Dialog>
    </>
  )
}

function CancelForm({ run, onDone }: { readonly run: Run; readonly onDone: () => void }) {
  const [reason, setReason] = useDraft(`cancel-${run.id}`)
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const cancel = useMutation({
    mutationFn: () => studio.cancelRun({ params: { runId: run.id }, body: { reason: reason.trim() } }),
    onSuccess: (next) => {
      setReason('')
      cache.setQueryData(runQuery(run.id).queryKey, next)
      say('The run is cancelled')
      onDone()
    },
  })
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault()
        cancel.mutate()
      }}
    >
      <p>What can be undone is undone. What is outside already stays and is named in the evidence.</p>
      <TextArea
        label="Reason"
        hint="It stands in the audit log."
        autoFocus
        required
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {cancel.isError && <ErrorNote error={cancel.error} />}
      <Button look="danger" type="submit" busy={cancel.isPending} disabled={reason.trim() === ''}>
        Cancel the run
      </Button>
    </form>
  )
}
