import { Link } from '@tanstack/react-router'
import { buttonClass } from '../ui/index.ts'
import { DemoButton } from './demo-button.tsx'

/** What somebody can do who has no work here yet. */
export function WaysToBegin() {
  return (
    <>
      <Link to="/work/new" className={buttonClass('primary')}>
        Submit work
      </Link>
      <DemoButton />
    </>
  )
}
