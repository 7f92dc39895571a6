import { Inbox } from 'lucide-react'
import { EmptyState, Page } from '../ui/index.ts'

export function InboxScreen() {
  return (
    <Page title="Inbox">
      <EmptyState icon={Inbox} title="Nothing here yet">
        <p>Submit a work item to see it here.</p>
      </EmptyState>
    </Page>
  )
}
