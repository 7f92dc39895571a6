import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { approvalQuery, type Run } from '../api/index.ts'
import { DecisionBar } from '../decision/index.ts'
import { Age, LongText, plural, principalName, Section, Status } from '../ui/index.ts'
import styles from './run-decision.module.css'

/** Decides about what a run waits for; nothing where nothing is to be decided, or somebody else has to. */
export function RunDecision({ run }: { readonly run: Run }) {
  const { approval, summary, proof } = run.report
  const isOpen = approval?.status === 'pending' && run.may.includes('decide')
  const { data: request } = useQuery({ ...approvalQuery(run.id), enabled: isOpen })
  if (!isOpen || request?.status !== 'pending') return null
  return (
    <DecisionBar
      subject={{
        approvalId: request.id,
        runId: run.id,
        title: run.title,
        repository: run.repository,
        digest: request.subject,
        facts: [
          ...(summary === null
            ? []
            : [
                [
                  'Change',
                  `${plural(summary.files.length, 'file')}, +${summary.added} −${summary.deleted}`,
                ] as const,
              ]),
          ...(proof === null ? [] : [['Tests', `${proof.passed} pass, ${proof.failed} fail`] as const]),
        ],
      }}
    />
  )
}

/** What people said about the change, or who is waited for. */
export function DecisionsMade({ run }: { readonly run: Run }) {
  const { data: request } = useQuery({ ...approvalQuery(run.id), enabled: run.report.approval !== null })
  if (request == null || (request.status === 'pending' && run.may.includes('decide'))) return null
  const { status, statusReason, decisions, followUp } = request
  return (
    <Section title="Decision" beside={<Status status={status} />}>
      {decisions.map(({ by, at, reason }) => (
        <div key={by}>
          <p className={styles['by']}>
            {principalName(by)}, <Age time={at} />
          </p>
          {reason !== '' && <LongText text={reason} />}
        </div>
      ))}
      {status === 'pending' && (
        <p className={styles['by']}>
          Somebody who may approve and had no part in it decides. It waits in their inbox.
        </p>
      )}
      {decisions.length === 0 && statusReason !== null && <p>{statusReason}</p>}
      {followUp?.runId != null && (
        <p>
          <Link to={`/runs/${followUp.runId}`}>The run that takes up what was asked for</Link>
        </p>
      )}
      {followUp?.problem != null && <p>{followUp.problem}</p>}
    </Section>
  )
}
