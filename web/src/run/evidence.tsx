import { useMutation } from '@tanstack/react-query'
import { Download, ShieldCheck } from 'lucide-react'
import { studio, type Run } from '../api/index.ts'
import { Button, Digest, ErrorNote, Facts, plural, Section, Status, useAnnouncer } from '../ui/index.ts'
import styles from './evidence.module.css'

/** What a run can be held to: the digests that it is bound to, a check of the whole record, and the record itself. */
export function EvidenceView({ run }: { readonly run: Run }) {
  const { approval, published } = run.report
  const params = { runId: run.id }
  const verify = useMutation({ mutationFn: () => studio.verifyEvidence({ params }) })
  const { sayFailure } = useAnnouncer()
  const save = useMutation({
    mutationFn: () => studio.exportEvidence({ params }),
    onSuccess: (bundle) => saveAs(`${run.id}.evidence.json`, JSON.stringify(bundle, undefined, 2)),
    onError: sayFailure,
  })
  return (
    <>
      <Section title="Verify">
        <div className={styles['verify']}>
          <p>
            Every act, decision and result of this run is in a chain of records. Verifying computes all
            digests anew and follows the chain from the work item to the branch.
          </p>
          <div className={styles['buttons']}>
            <Button
              look="primary"
              icon={<ShieldCheck size={15} aria-hidden />}
              busy={verify.isPending}
              onClick={() => verify.mutate()}
            >
              Verify the evidence
            </Button>
            <Button
              icon={<Download size={15} aria-hidden />}
              busy={save.isPending}
              onClick={() => save.mutate()}
            >
              Save it as a file
            </Button>
          </div>
          <div role="status">{verify.data !== undefined && <Verified result={verify.data} />}</div>
          {verify.isError && <ErrorNote error={verify.error} />}
        </div>
      </Section>
      <Section title="Bound to">
        <Facts
          facts={[
            ['Run', <Digest key="run" value={run.id} label="id of the run" length={30} />],
            [
              'Workflow',
              <Digest key="workflow" value={run.workflow.digest} label="digest of the workflow" />,
            ],
            ...(approval === null
              ? []
              : [
                  [
                    'Approval',
                    <Digest key="subject" value={approval.subject} label="approved digest" />,
                  ] as const,
                ]),
            ...(published === null
              ? []
              : [['Commit', <Digest key="commit" value={published.commit} label="commit" />] as const]),
          ]}
        />
      </Section>
    </>
  )
}

function Verified({
  result,
}: {
  readonly result: { readonly ok: boolean; readonly checked: number; readonly problems: readonly string[] }
}) {
  return result.ok ? (
    <Status status="passed" word={`It holds: ${plural(result.checked, 'record')} checked.`} />
  ) : (
    <>
      <Status status="failed" word={`It does not hold: ${plural(result.problems.length, 'problem')}.`} />
      <ul>
        {result.problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </>
  )
}

/** Hands a text to the browser as a file. */
function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
