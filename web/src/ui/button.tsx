import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Keys } from './keys.tsx'
import styles from './button.module.css'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` once on a screen at most; `danger` for what cannot be taken back. */
  readonly look?: 'primary' | 'danger' | 'plain' | 'quiet'
  /** The shortcut that does the same, shown beside the label. */
  readonly keys?: string
  readonly icon?: ReactNode
  /** The work is under way: the button keeps its place and its size, and cannot be pressed again. */
  readonly busy?: boolean
}

/** A button that does something here; what leads elsewhere is a link. */
export function Button({
  look = 'plain',
  keys,
  icon,
  busy = false,
  children,
  className,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={[styles['button'], styles[look], className].filter(Boolean).join(' ')}
      disabled={disabled === true || busy}
      aria-busy={busy}
    >
      {icon}
      {children}
      {keys !== undefined && <Keys keys={keys} />}
    </button>
  )
}

/** The classes of a button for a link that looks like one. */
export function buttonClass(look: 'primary' | 'plain' | 'quiet' = 'plain'): string {
  return `${styles['button'] ?? ''} ${styles[look] ?? ''}`
}
