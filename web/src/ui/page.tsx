import { useEffect, type ReactNode } from 'react'
import styles from './page.module.css'

interface PageProps {
  /** Heading, and what the browser's tab says. */
  readonly title: string
  /** Beside the heading: a status, a count. */
  readonly beside?: ReactNode
  /** One line under the heading. */
  readonly lead?: ReactNode
  /** Buttons at the end of the heading. */
  readonly actions?: ReactNode
  /** A row under the heading: filters or tabs. It stays in sight together with the heading. */
  readonly bar?: ReactNode
  readonly children: ReactNode
}

/** The frame of every screen. */
export function Page({ title, beside, lead, actions, bar, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Atelier`
  }, [title])
  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <div className={styles['heading']}>
          <div className={styles['title']}>
            <h1>{title}</h1>
            {beside}
          </div>
          {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
        </div>
        {lead !== undefined && <div className={styles['lead']}>{lead}</div>}
        {bar !== undefined && <div className={styles['bar']}>{bar}</div>}
      </header>
      {children}
    </div>
  )
}

/** A part of a page with a heading. */
export function Section({
  title,
  beside,
  children,
}: {
  readonly title: string
  readonly beside?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className={styles['section']} aria-label={title}>
      <div className={styles['sectionHeading']}>
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  )
}

/** Facts as pairs of a name and a value, dense enough to take in at a glance. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
