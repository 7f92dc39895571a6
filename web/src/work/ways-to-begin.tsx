import { lazy, Suspense } from 'react'
import { Link } from '@tanstack/react-router'
import { buttonClass } from '../ui/index.ts'

/** Not of the first page: most people who come have work here. */
const DemoButton = lazy(() => import('./demo-button.tsx').then((module) => ({ default: module.DemoButton })))

/** What somebody can do who has no work here yet. */
export function WaysToBegin() {
  return (
    <>
      <Link to="/work/new" className={buttonClass('primary')}>
        Submit work
      </Link>
      <Suspense>
        <DemoButton />
      </Suspense>
    </>
  )
}
