import { SquarePen } from 'lucide-react'
import { EmptyState, Page } from '../ui/index.ts'

export function SubmitScreen() {
  return (
    <Page title="New work">
      <EmptyState icon={SquarePen} title="Say what is wrong">
        <p>A title, what happens, what should happen, and the repository.</p>
      </EmptyState>
    </Page>
  )
}
