import { Link } from '@tanstack/react-router'
import styles from './filter-bar.module.css'

/** A few ways to limit a list, each an address of its own. */
export function FilterBar({
  label,
  parameter,
  current,
  choices,
}: {
  readonly label: string
  readonly parameter: string
  readonly current: string | undefined
  readonly choices: readonly (readonly [value: string | undefined, words: string])[]
}) {
  return (
    <nav aria-label={label} className={styles['bar']}>
      {choices.map(([value, words]) => (
        <Link
          key={words}
          to="."
          search={(previous: Record<string, string>) => ({ ...previous, [parameter]: value })}
          replace
          aria-current={current === value ? 'true' : undefined}
          className={styles['choice']}
        >
          {words}
        </Link>
      ))}
    </nav>
  )
}
