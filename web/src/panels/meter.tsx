import type { ReactNode } from 'react'
import styles from './meter.module.css'

/** How full something is from which it is drawn as becoming short. */
const short = 0.8

/** Shares of a limit, in percent: what is used, and what is held for work that is under way. */
export function sharesOf(used: number, held: number, limit: number) {
  const whole = Math.max(limit, used + held, 1)
  const full = limit === 0 ? 1 : (used + held) / limit
  return {
    used: (100 * used) / whole,
    held: (100 * held) / whole,
    tone: full >= 1 ? ('bad' as const) : full >= short ? ('warn' as const) : ('busy' as const),
  }
}

/** A bar with what is used (filled) and held (hatched) of a limit; the words say the same. Without a limit, only words. */
export function Meter({
  label,
  used,
  held,
  limit,
  words,
}: {
  readonly label: string
  readonly used: number
  readonly held: number
  readonly limit: number | null
  readonly words: ReactNode
}) {
  const shares = limit === null ? undefined : sharesOf(used, held, limit)
  return (
    <div className={styles['meter']}>
      {shares !== undefined && (
        <div
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(shares.used + shares.held)}
          className={styles['track']}
          data-tone={shares.tone}
        >
          <span className={styles['used']} style={{ width: `${shares.used}%` }} />
          <span className={styles['held']} style={{ width: `${shares.held}%` }} />
        </div>
      )}
      <p className={styles['words']}>{words}</p>
    </div>
  )
}
