import type { CSSProperties } from 'react'
import styles from './source.module.css'

/** Text as it was written, to be read: a policy, a prompt, a schema. It can be scrolled with the keys. */
export function Source({
  label,
  text,
  from,
  wrap = false,
}: {
  readonly label: string
  readonly text: string
  /** Number of the first line; without it, lines have none. */
  readonly from?: number
  readonly wrap?: boolean
}) {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className={[
        styles['source'],
        from === undefined ? styles['bare'] : styles['numbered'],
        wrap ? styles['wrap'] : '',
      ].join(' ')}
      style={{ '--before': (from ?? 1) - 1 } as CSSProperties}
    >
      <code>
        {text
          .replace(/\n$/, '')
          .split('\n')
          .map((line, index) => (
            <span key={index} className={styles['line']}>
              {line}
            </span>
          ))}
      </code>
    </pre>
  )
}

function changeOf(line: string): 'added' | 'deleted' | 'place' | undefined {
  if (line.startsWith('@@')) return 'place'
  if (line.startsWith('+')) return 'added'
  return line.startsWith('-') ? 'deleted' : undefined
}

/** A unified diff of one text; its heading with the names of files is left out. */
export function SourceDiff({ label, diff }: { readonly label: string; readonly diff: string }) {
  const lines = diff.replace(/\n$/, '').split('\n')
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className={`${styles['source'] ?? ''} ${styles['bare'] ?? ''}`}
    >
      <code>
        {lines
          .slice(
            Math.max(
              0,
              lines.findIndex((line) => line.startsWith('@@')),
            ),
          )
          .map((line, index) => (
            <span key={index} className={styles['line']} data-change={changeOf(line)}>
              {line}
            </span>
          ))}
      </code>
    </pre>
  )
}
