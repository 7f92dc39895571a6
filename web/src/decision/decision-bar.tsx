import { useState } from 'react'
import { Check, MessageSquareText, X } from 'lucide-react'
import type { Run } from '../api/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { Button, Dialog } from '../ui/index.ts'
import type { DecisionBody } from './attempted-decision.ts'
import { DecisionForm } from './decision-form.tsx'

const titles: Readonly<Record<DecisionBody['decision'], string>> = {
  approved: 'Approve this change',
  rejected: 'Reject this change',
  'changes-requested': 'Ask for changes',
}

/** The ways to decide about what a run waits for, by button or by key; nothing where nothing is to be decided. */
export function DecisionBar({ run }: { readonly run: Run }) {
  const [deciding, setDeciding] = useState<DecisionBody['decision']>()
  const isPending = run.report.approval?.status === 'pending'
  const begin = (decision: DecisionBody['decision']): void => {
    if (isPending) setDeciding(decision)
  }
  useShortcuts(
    isPending
      ? [
          { keys: 'a', does: 'Approve, then confirm', group: 'Decide', run: () => begin('approved') },
          { keys: 'c', does: 'Ask for changes', group: 'Decide', run: () => begin('changes-requested') },
          { keys: 'x', does: 'Reject with a reason', group: 'Decide', run: () => begin('rejected') },
        ]
      : [],
  )
  if (!isPending && deciding === undefined) return null
  return (
    <>
      <Button keys="x" icon={<X size={15} aria-hidden />} onClick={() => begin('rejected')}>
        Reject
      </Button>
      <Button
        keys="c"
        icon={<MessageSquareText size={15} aria-hidden />}
        onClick={() => begin('changes-requested')}
      >
        Ask for changes
      </Button>
      <Button
        look="primary"
        keys="a"
        icon={<Check size={15} aria-hidden />}
        onClick={() => begin('approved')}
      >
        Approve
      </Button>
      <Dialog
        open={deciding !== undefined}
        onClose={() => setDeciding(undefined)}
        title={titles[deciding ?? 'approved']}
      >
        {deciding !== undefined && (
          <DecisionForm run={run} decision={deciding} onDone={() => setDeciding(undefined)} />
        )}
      </Dialog>
    </>
  )
}
