import { Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass, EmptyState, Page } from '../ui/index.ts'

/** For an address that leads nowhere. */
export function NotFound() {
  return (
    <Page title="Nothing here">
      <EmptyState
        icon={Compass}
        title="There is nothing at this address"
        actions={
          <Link to="/inbox" className={buttonClass('primary')}>
            Go to the inbox
          </Link>
        }
      >
        <p>The link may be old, or mistyped. Ctrl K (⌘K) finds every screen.</p>
      </EmptyState>
    </Page>
  )
}
