import { Link } from '@tanstack/react-router'
import styles from './tabs.module.css'

interface Tab {
  readonly id: string
  readonly label: string
  readonly count?: number | undefined
}

/** Views of one thing. Each is an address of its own (`?view=…`), so it can be linked to and the browser's keys work. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly current: string
}) {
  return (
    <nav aria-label={label} className={styles['tabs']}>
      {tabs.map(({ id, label: words, count }) => (
        <Link
          key={id}
          to="."
          search={(previous: Record<string, string>) => ({ ...previous, view: id })}
          replace
          resetScroll={false}
          aria-current={id === current ? 'page' : undefined}
          className={styles['tab']}
        >
          {words}
          {count !== undefined && <span className={styles['count']}>{count}</span>}
        </Link>
      ))}
    </nav>
  )
}
