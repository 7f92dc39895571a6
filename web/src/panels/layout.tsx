import type { ReactNode } from 'react'
import styles from './layout.module.css'

/** One under the other, with air between. */
export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles['stack']}>{children}</div>
}

/** Beside each other, on the next line where there is no room. */
export function Row({ align, children }: { readonly align?: 'end'; readonly children: ReactNode }) {
  return (
    <div className={styles['row']} data-align={align}>
      {children}
    </div>
  )
}

/** Columns of the same width, as many as there is room for. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={styles['pair']}>{children}</div>
}

/** A sentence that explains, less loud than what it explains. */
export function Soft({ children }: { readonly children: ReactNode }) {
  return <p className={styles['soft']}>{children}</p>
}
