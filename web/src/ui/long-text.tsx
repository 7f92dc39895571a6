import { useState } from 'react'
import styles from './long-text.module.css'

/** More than this is folded up. */
const longest = { characters: 480, lines: 7 }

/** A text in its writer's own lines and direction; of a long one the beginning, until somebody wants all of it. */
export function LongText({ text }: { readonly text: string }) {
  const [open, setOpen] = useState(false)
  const isLong = text.length > longest.characters || text.split('\n').length > longest.lines
  return (
    <>
      <p dir="auto" className={styles['text']} data-folded={isLong && !open}>
        {text}
      </p>
      {isLong && (
        <button type="button" className={styles['more']} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show all of it'}
        </button>
      )}
    </>
  )
}
