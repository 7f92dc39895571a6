import type { ComponentType } from 'react'
import { Dialog } from '../ui/index.ts'
import type { Command } from './commands.ts'
import styles from './palette.module.css'

export type CommandSearch = ComponentType<{
  readonly commands: readonly Command[]
  readonly onClose: () => void
}>

/**
 * Everything by typing a few letters. What searches comes with the rest of the page a moment after it is shown; the dialog is
 * there at once, so that what is typed in between is not taken for keys of the page.
 */
export function Palette({
  open,
  search: Search,
  ...rest
}: {
  readonly open: boolean
  readonly onClose: () => void
  readonly commands: readonly Command[]
  readonly search: CommandSearch | undefined
}) {
  return (
    <Dialog open={open} onClose={rest.onClose} title="Find">
      {Search === undefined ? <div className={styles['coming']} /> : <Search {...rest} />}
    </Dialog>
  )
}
