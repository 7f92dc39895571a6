import { useState } from 'react'
import { Check, MessageSquareText, X } from 'lucide-react'
import { useShortcuts } from '../keyboard/index.ts'
import { Button, Dialog } from '../ui/index.ts'
import { DecisionForm, type Verdict } from './decision-form.tsx'
import type { Subject } from './subject.ts'

const titles: Readonly<Record<Verdict, string>> = {
  approved: 'Approve this change',
  rejected: 'Reject this change',
  'changes-requested': 'Ask for changes',
}

/** The ways to decide about a change, by button or by key. */
export function DecisionBar({
  subject,
  onDecided,
}: {
  readonly subject: Subject
  readonly onDecided?: () => void
}) {
  const [verdict, setVerdict] = useState<Verdict>()
  const close = (): void => setVerdict(undefined)
  useShortcuts([
    { keys: 'a', does: 'Approve, then confirm', group: 'Decide', run: () => setVerdict('approved') },
    { keys: 'c', does: 'Ask for changes', group: 'Decide', run: () => setVerdict('changes-requested') },
    { keys: 'x', does: 'Reject with a reason', group: 'Decide', run: () => setVerdict('rejected') },
  ])
  return (
    <>
      <Button keys="x" icon={<X size={15} aria-hidden />} onClick={() => setVerdict('rejected')}>
        Reject
      </Button>
      <Button
        keys="c"
        icon={<MessageSquareText size={15} aria-hidden />}
        onClick={() => setVerdict('changes-requested')}
      >
        Ask for changes
      </Button>
      <Button
        look="primary"
        keys="a"
        icon={<Check size={15} aria-hidden />}
        onClick={() => setVerdict('approved')}
      >
        Approve
      </Button>
      <Dialog open={verdict !== undefined} onClose={close} title={titles[verdict ?? 'approved']}>
        {verdict !== undefined && (
          <DecisionForm
            subject={subject}
            verdict={verdict}
            onCancel={close}
            onDone={() => {
              close()
              onDecided?.()
            }}
          />
        )}
      </Dialog>
    </>
  )
}
