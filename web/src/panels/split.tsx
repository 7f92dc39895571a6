import { useRef, type ReactNode } from 'react'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useShortcuts } from '../keyboard/index.ts'
import styles from './split.module.css'

interface SplitItem {
  readonly id: string
  readonly title: string
  /** One line under the title. */
  readonly note?: string
  readonly beside?: ReactNode
  /** Items of one group stand together under its name. */
  readonly group?: string
}

interface SplitProps {
  /** What the list holds, for readers of the screen and the keys. */
  readonly label: string
  readonly items: readonly SplitItem[]
  /** The parameter of the address that says which one is open. */
  readonly parameter: string
  /** What the address says; without it the first item is open, and on a phone the list. */
  readonly chosen: string | undefined
  readonly children: ReactNode
}

/**
 * A list and beside it what was chosen in it; on a phone, one after the other. The choice stands in the address. `j` and
 * `k` go through the list.
 */
export function Split({ label, items, parameter, chosen, children }: SplitProps) {
  const list = useRef<HTMLElement>(null)
  const navigate = useNavigate()
  const current = chosen ?? items[0]?.id
  const choice = (id: string | undefined) => (previous: Record<string, string>) => ({
    ...previous,
    [parameter]: id,
  })
  const move = (by: number): void => {
    const index = items.findIndex(({ id }) => id === current)
    const next = items[Math.min(items.length - 1, Math.max(0, index + by))]
    if (next === undefined) return
    void navigate({ to: '.', search: choice(next.id), replace: true, resetScroll: false })
    list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next.id)}"]`)?.focus()
  }
  useShortcuts([
    { keys: 'j', does: 'Next in the list', group: 'Lists', run: () => move(1) },
    { keys: 'k', does: 'Previous in the list', group: 'Lists', run: () => move(-1) },
  ])
  return (
    <div className={styles['split']} data-chosen={chosen !== undefined}>
      <nav ref={list} aria-label={label} className={styles['list']}>
        {[...Map.groupBy(items, ({ group }) => group)].map(([group, members]) => (
          <section key={group ?? ''} aria-label={group} className={styles['group']}>
            {group !== undefined && <p className={styles['groupTitle']}>{group}</p>}
            <ul>
              {members.map(({ id, title, note, beside }) => (
                <li key={id}>
                  <Link
                    to="."
                    search={choice(id)}
                    replace={chosen !== undefined}
                    resetScroll={false}
                    data-id={id}
                    aria-current={id === current ? 'true' : undefined}
                    className={styles['item']}
                  >
                    <span className={styles['name']}>{title}</span>
                    {beside}
                    {note !== undefined && <span className={styles['note']}>{note}</span>}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <div className={styles['detail']}>
        <Link to="." search={choice(undefined)} className={styles['back']}>
          <ChevronLeft size={16} aria-hidden />
          {label}
        </Link>
        {children}
      </div>
    </div>
  )
}
