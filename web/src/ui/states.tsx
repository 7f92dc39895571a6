import type { ReactNode } from 'react'
import { CircleAlert, type LucideIcon } from 'lucide-react'
import { describeFailure } from '../api/index.ts'
import { Button } from './button.tsx'
import styles from './states.module.css'

/** Where nothing is yet: what will be here, and how to make that happen. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  actions,
}: {
  readonly icon: LucideIcon
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className={styles['state']}>
      <Icon size={28} strokeWidth={1.5} aria-hidden className={styles['mark']} />
      <h2>{title}</h2>
      <div className={styles['words']}>{children}</div>
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </div>
  )
}

/** What went wrong, in the studio's own words, and what to do next. */
export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { message, remedy, code } = describeFailure(error)
  return (
    <div className={styles['state']} role="alert">
      <CircleAlert size={28} strokeWidth={1.5} aria-hidden className={styles['badMark']} />
      <h2>{message}</h2>
      <p className={styles['words']}>{remedy}</p>
      <p className={styles['code']}>
        <code>{code}</code>
      </p>
      {retry !== undefined && (
        <div className={styles['actions']}>
          <Button onClick={retry}>Try again</Button>
        </div>
      )}
    </div>
  )
}

/** A failure beside the form or button that it concerns. */
export function ErrorNote({ error }: { readonly error: unknown }) {
  const { message, remedy, code } = describeFailure(error)
  return (
    <div className={styles['note']} role="alert">
      <CircleAlert size={16} aria-hidden className={styles['badMark']} />
      <p>
        <strong>{message}.</strong> {remedy} <code>{code}</code>
      </p>
    </div>
  )
}

/**
 * Keeps the place of lines that are on their way. It stays invisible for a moment, so that an answer that comes at once
 * makes nothing flash.
 */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className={styles['skeleton']} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  )
}
