import { CirclePlay } from 'lucide-react'
import { EmptyState, Page } from '../ui/index.ts'

export function RunScreen() {
  return (
    <Page title="Run">
      <EmptyState icon={CirclePlay} title="Nothing here yet">
        <p>Submit a work item to see it here.</p>
      </EmptyState>
    </Page>
  )
}
