import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { X } from 'lucide-react'
import styles from './dialog.module.css'

interface DialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  /** Buttons, the one that is meant last. */
  readonly footer?: ReactNode
  readonly size?: 'small' | 'large'
}

/**
 * The browser's own modal dialog: it holds the focus, closes with Escape, and gives the focus back to where it was. Its
 * content exists only while it is open.
 */
export function Dialog({ open, onClose, title, children, footer, size = 'small' }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  useLayoutEffect(() => {
    const dialog = element.current
    if (dialog === null) return
    if (open && !dialog.open) {
      dialog.showModal()
      // Where something is to be written, that has the focus; under a thumb the keyboard would cover what there is to read.
      if (!matchMedia('(pointer: coarse)').matches)
        dialog.querySelector<HTMLElement>('input, textarea, select')?.focus()
    }
    if (!open && dialog.open) dialog.close()
  }, [open])

  return (
    <dialog
      ref={element}
      className={[styles['dialog'], styles[size]].join(' ')}
      aria-labelledby={titleId}
      // Escape: whoever opened it knows at once, so that a key pressed right after is not lost.
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClose={onClose}
      onClick={(event) => {
        // A click beside the dialog's content lands on the dialog itself.
        if (event.target === event.currentTarget) onClose()
      }}
    >
      {open && (
        <div className={styles['content']}>
          <header className={styles['header']}>
            <h2 id={titleId}>{title}</h2>
            <button type="button" className={styles['close']} aria-label="Close" onClick={onClose}>
              <X size={16} aria-hidden />
            </button>
          </header>
          <div className={styles['body']}>{children}</div>
          {footer !== undefined && <footer className={styles['footer']}>{footer}</footer>}
        </div>
      )}
    </dialog>
  )
}
