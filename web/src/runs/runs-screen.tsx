import { CirclePlay } from 'lucide-react'
import { EmptyState, Page } from '../ui/index.ts'

export function RunsScreen() {
  return (
    <Page title="Runs">
      <EmptyState icon={CirclePlay} title="Nothing here yet">
        <p>Submit a work item to see it here.</p>
      </EmptyState>
    </Page>
  )
}
