import { lazy } from 'react'
import { Outlet, useMatches } from '@tanstack/react-router'
import { useMay } from '../api/index.ts'
import { screens } from '../screens.ts'
import { Skeleton } from '../ui/index.ts'

const Closed = lazy(() => import('./closed.tsx').then((module) => ({ default: module.Closed })))

/** The screen of the address; to whom it is closed, who can see it, without a request that would only be refused. */
export function Gate() {
  const matches: readonly { readonly fullPath: string }[] = useMatches()
  const screen = screens.find(({ path }) => path === matches.at(-1)?.fullPath)
  const may = useMay(screen?.needs)
  if (screen?.needs === undefined || may === true) return <Outlet />
  return may === undefined ? <Skeleton /> : <Closed title={screen.title} need={screen.needs} />
}
