import { useEffect, useState } from 'react'
import { studio } from '../../api/index.ts'
import { Button, Dialog, ErrorNote, formatNumber, plural, Status } from '../../ui/index.ts'
import { Soft } from '../../panels/index.ts'
import styles from './audit.module.css'

type Said = ReturnType<typeof studio.checkAuditChain> extends AsyncGenerator<infer Each> ? Each : never

/** Checks the whole chain of the audit log, and says what it found. */
export function ChainCheck() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>Check the chain</Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Check of the chain">
        <Check />
      </Dialog>
    </>
  )
}

function Check() {
  const [said, setSaid] = useState<Said>()
  const [failure, setFailure] = useState<unknown>()
  useEffect(() => {
    const abort = new AbortController()
    const follow = async (): Promise<void> => {
      for await (const each of studio.checkAuditChain({ signal: abort.signal })) setSaid(each)
    }
    follow().catch((error: unknown) => {
      if (!abort.signal.aborted) setFailure(error)
    })
    return () => abort.abort()
  }, [])

  if (failure !== undefined) return <ErrorNote error={failure} />
  if (said?.kind !== 'report')
    return (
      <div className={styles['result']}>
        <progress aria-label="Records checked" value={said?.read} max={said?.total} />
        <Soft>
          {said === undefined
            ? 'Reading the first records'
            : `${formatNumber(said.read)} of ${plural(said.total, 'record')} checked`}
        </Soft>
      </div>
    )
  const { ok, records, signedThrough, problems } = said
  return (
    <div className={styles['result']} role="status">
      <Status
        status={ok ? 'passed' : 'failed'}
        word={
          ok
            ? `All ${plural(records, 'record')} are whole, in order, and as they were written.`
            : `${plural(problems.length, 'problem')} in ${plural(records, 'record')}`
        }
      />
      <Soft>
        {signedThrough === 0
          ? 'No signed checkpoint yet: the records rest on the database alone.'
          : `Signed checkpoints vouch for everything up to record ${formatNumber(signedThrough)}.`}
      </Soft>
      {problems.length > 0 && (
        <>
          <ul>
            {problems.slice(0, 50).map(({ seq, message }, index) => (
              <li key={index}>
                Record {seq}: {message}
              </li>
            ))}
          </ul>
          <Soft>
            Somebody changed the log behind the studio’s back, or a disk failed. Compare it with your last
            backup and with exports (atelier audit export) before you go on.
          </Soft>
        </>
      )}
    </div>
  )
}
