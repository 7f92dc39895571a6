import { useQuery } from '@tanstack/react-query'
import { pendingApprovalQuery, type Run } from '../api/index.ts'
import { DecisionBar } from '../decision/index.ts'
import { plural } from '../ui/index.ts'

/** Decides about what a run waits for; nothing where nothing is to be decided. */
export function RunDecision({ run }: { readonly run: Run }) {
  const { approval, summary, proof } = run.report
  const { data: request } = useQuery({
    ...pendingApprovalQuery(run.id),
    enabled: approval?.status === 'pending',
  })
  if (approval?.status !== 'pending' || request == null) return null
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
