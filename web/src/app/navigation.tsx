import { Link } from '@tanstack/react-router'
import { Keyboard, Menu, ScrollText, Search } from 'lucide-react'
import { screens } from '../screens.ts'
import { Keys } from '../ui/index.ts'
import { AccountMenu } from './account-menu.tsx'
import type { NavigationSection } from './screen.ts'
import { WaitingCount } from './waiting-count.tsx'
import styles from './navigation.module.css'

const entries = screens.flatMap(({ path, title, navigation }) =>
  navigation === undefined ? [] : { path, title, ...navigation },
)
const sections: readonly NavigationSection[] = ['Work', 'Governance', 'Studio']

/** How many entries a phone has room for, beside the one that opens the rest. */
const roomOnPhone = 3

/** The way to every screen: at the side, and on a phone at the bottom where the thumb is. */
export function Navigation({
  onPalette,
  onKeys,
}: {
  readonly onPalette: () => void
  readonly onKeys: () => void
}) {
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
        <nav aria-label="Main" className={styles['entries']}>
          {sections.map((section) => (
            <SectionEntries key={section} section={section} />
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
      <nav aria-label="Main, short" className={styles['bottom']}>
        {entries.slice(0, roomOnPhone).map(({ path, title, icon: Icon }) => (
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

function SectionEntries({ section }: { readonly section: NavigationSection }) {
  const own = entries.filter((entry) => entry.section === section)
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
