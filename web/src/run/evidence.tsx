import type { Run } from '../api/index.ts'
import { Digest, Facts, Section } from '../ui/index.ts'

/** What a run can be held to: every digest that it is bound to. */
export function EvidenceView({ run }: { readonly run: Run }) {
  const { approval, published } = run.report
  return (
    <Section title="Bound to">
      <Facts
        facts={[
          ['Run', <Digest key="run" value={run.id} label="id of the run" length={30} />],
          ['Workflow', <Digest key="workflow" value={run.workflow.digest} label="digest of the workflow" />],
          ...(approval === null
            ? []
            : [['Approved subject', <Digest key="subject" value={approval.subject} />] as const]),
          ...(published === null
            ? []
            : [['Commit', <Digest key="commit" value={published.commit} label="commit" />] as const]),
        ]}
      />
    </Section>
  )
}
