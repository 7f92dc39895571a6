import { lazy, Suspense, useEffect, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { meQuery, statusOf, useLiveLists } from '../api/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { Skeleton } from '../ui/index.ts'
import { shortcutsOf, useCommands } from './commands.ts'
import { ConnectionBanner } from './connection-banner.tsx'
import { Gate } from './gate.tsx'
import { Navigation } from './navigation.tsx'
import { type CommandSearch, Palette } from './palette.tsx'
import styles from './shell.module.css'

const KeyboardHelp = lazy(() =>
  import('./keyboard-help.tsx').then((module) => ({ default: module.KeyboardHelp })),
)

/** The palette's search, once it is there. It is fetched after the page that people came for. */
function useCommandSearch(isWanted: boolean): CommandSearch | undefined {
  const [search, setSearch] = useState<{ readonly component: CommandSearch }>()
  const isThere = search !== undefined
  useEffect(() => {
    if (isThere) return undefined
    const fetchIt = (): void => {
      // What does not come, as when one is offline, is asked for again when the palette is opened.
      void import('./command-search.tsx').then(
        (module) => setSearch({ component: module.CommandSearch }),
        () => undefined,
      )
    }
    if (isWanted || document.readyState === 'complete') fetchIt()
    else window.addEventListener('load', fetchIt, { once: true })
    return () => window.removeEventListener('load', fetchIt)
  }, [isThere, isWanted])
  return search?.component
}

/** What is around every screen: navigation, palette, keys. */
export function Shell() {
  const [overlay, setOverlay] = useState<'palette' | 'keys'>()
  const [hasAskedForKeys, setAskedForKeys] = useState(false)
  const commands = useCommands()
  const search = useCommandSearch(overlay === 'palette')
  const close = (): void => setOverlay(undefined)
  const showKeys = (): void => {
    setAskedForKeys(true)
    setOverlay('keys')
  }

  useShortcuts([
    { keys: 'mod+k', does: 'Find a run or command', group: 'Anywhere', run: () => setOverlay('palette') },
    { keys: '?', does: 'Show all keys', group: 'Anywhere', run: showKeys },
    ...shortcutsOf(commands),
  ])

  useLiveLists()
  const { error } = useQuery(meQuery)
  const isUnknown = statusOf(error) === 401
  const navigate = useNavigate()
  useEffect(() => {
    const { pathname, search } = window.location
    if (isUnknown) void navigate({ to: '/sign-in', search: { back: pathname + search }, replace: true })
  }, [isUnknown, navigate])
  if (isUnknown) return null

  return (
    <div className={styles['shell']}>
      <a href="#content" className={styles['skip']}>
        Skip to the content
      </a>
      <Navigation onPalette={() => setOverlay('palette')} onKeys={showKeys} />
      <main id="content" tabIndex={-1} className={styles['content']}>
        <ConnectionBanner />
        <Suspense fallback={<Skeleton />}>
          <Gate />
        </Suspense>
      </main>
      <Palette open={overlay === 'palette'} onClose={close} commands={commands} search={search} />
      {hasAskedForKeys && (
        <Suspense>
          <KeyboardHelp open={overlay === 'keys'} onClose={close} />
        </Suspense>
      )}
    </div>
  )
}
