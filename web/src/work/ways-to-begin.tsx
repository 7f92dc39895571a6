import { Link } from '@tanstack/react-router'
import { useMay } from '../api/index.ts'
import { buttonClass } from '../ui/index.ts'
import { DemoButton } from './demo-button.tsx'

/** What somebody can do who has no work here yet, and may ask for some. */
export function WaysToBegin() {
  const may = useMay({ inSomeProject: 'submit-work-item' })
  if (may !== true) return null
  return (
    <>
      <Link to="/work/new" className={buttonClass('primary')}>
        Submit work
      </Link>
      <DemoButton />
    </>
  )
}
