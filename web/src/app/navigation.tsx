import { Link } from '@tanstack/react-router'
import { Keyboard, Menu, ScrollText, Search } from 'lucide-react'
import { useRights } from '../api/index.ts'
import { screens } from '../screens.ts'
import { Keys } from '../ui/index.ts'
import { AccountMenu } from './account-menu.tsx'
import type { NavigationSection } from './screen.ts'
import { WaitingCount } from './waiting-count.tsx'
import styles from './navigation.module.css'

const entries = screens.flatMap(({ path, title, needs, navigation }) =>
  navigation === undefined ? [] : { path, title, needs, ...navigation },
)
type Entry = (typeof entries)[number]
const sections: readonly NavigationSection[] = ['Work', 'Governance', 'Studio']

/**
 * The way to every screen that one may see: at the side, and on a phone at the bottom where the thumb is. Until it is known
 * what one may see the entries keep out of sight, so that none goes away again.
 */
export function Navigation({
  onPalette,
  onKeys,
}: {
  readonly onPalette: () => void
  readonly onKeys: () => void
}) {
  const may = useRights()
  const own = may === undefined ? entries : entries.filter(({ needs }) => may(needs))
  const isKnown = may !== undefined
  return (
    <>
      <header className={styles['side']}>
        <Link to="/inbox" className={styles['brand']} aria-label="Atelier, to the inbox">
          <img src="/icon.svg" alt="" width={22} height={22} />
          Atelier
        </Link>
        <button type="button" className={styles['find']} onClick={onPalette}>
          <Search size={15} aria-hidden />
          <span>Find</span>
          <Keys keys="mod+k" />
        </button>
        <nav aria-label="Main" className={styles['entries']} data-known={isKnown}>
          {sections.map((section) => (
            <SectionEntries
              key={section}
              section={section}
              entries={own.filter((entry) => entry.section === section)}
            />
          ))}
        </nav>
        <div className={styles['end']}>
          <button type="button" className={styles['entry']} onClick={onKeys}>
            <Keyboard size={16} aria-hidden />
            <span>Keys</span>
            <Keys keys="?" />
          </button>
          <a href="/docs/" className={styles['entry']}>
            <ScrollText size={16} aria-hidden />
            <span>Documentation</span>
          </a>
          <AccountMenu />
        </div>
      </header>
      <nav aria-label="Main, short" className={styles['bottom']} data-known={isKnown}>
        {own
          .filter(({ section }) => section === 'Work')
          .map(({ path, title, icon: Icon }) => (
            <Link key={path} to={path} className={styles['tab']} activeProps={{ 'aria-current': 'page' }}>
              <Icon size={20} aria-hidden />
              {title}
              {path === '/inbox' && <WaitingCount />}
            </Link>
          ))}
        <button type="button" className={styles['tab']} onClick={onPalette}>
          <Menu size={20} aria-hidden />
          More
        </button>
      </nav>
    </>
  )
}

function SectionEntries({
  section,
  entries: own,
}: {
  readonly section: NavigationSection
  readonly entries: readonly Entry[]
}) {
  if (own.length === 0) return null
  return (
    <section aria-label={section}>
      {section !== 'Work' && <p className={styles['section']}>{section}</p>}
      <ul>
        {own.map(({ path, title, icon: Icon, key }) => (
          <li key={path}>
            <Link to={path} className={styles['entry']} activeProps={{ 'aria-current': 'page' }}>
              <Icon size={16} aria-hidden />
              <span>{title}</span>
              {path === '/inbox' && <WaitingCount />}
              <Keys keys={`g ${key}`} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
