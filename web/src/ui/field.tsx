import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from 'react'
import styles from './field.module.css'

interface Labelled {
  readonly label: string
  /** Under the field: what belongs in it, or an example. */
  readonly hint?: ReactNode
  /** What is wrong with the content and how to put it right. */
  readonly problem?: string | undefined
}

function Frame({
  id,
  label,
  hint,
  problem,
  children,
}: Labelled & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles['field']}>
      <label htmlFor={id}>{label}</label>
      {children}
      {problem !== undefined ? (
        <p id={`${id}-note`} className={styles['problem']}>
          {problem}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-note`} className={styles['hint']}>
            {hint}
          </p>
        )
      )}
    </div>
  )
}

function describedBy(id: string, { hint, problem }: Labelled): string | undefined {
  return hint === undefined && problem === undefined ? undefined : `${id}-note`
}

/** A line of text with its label. */
export function TextField({
  label,
  hint,
  problem,
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint} problem={problem}>
      <input
        type="text"
        autoComplete="off"
        {...rest}
        id={id}
        className={styles['control']}
        aria-invalid={problem !== undefined}
        aria-describedby={describedBy(id, { label, hint, problem })}
      />
    </Frame>
  )
}

/** Several lines of text with their label. */
export function TextArea({
  label,
  hint,
  problem,
  ...rest
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint} problem={problem}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        className={styles['control']}
        aria-invalid={problem !== undefined}
        aria-describedby={describedBy(id, { label, hint, problem })}
      />
    </Frame>
  )
}

/** One of a few choices; the browser's own list, which phones and readers of the screen know best. */
export function Choice({
  label,
  hint,
  value,
  choices,
  onChange,
}: Labelled & {
  readonly value: string
  /** Values and the words for them. */
  readonly choices: readonly (readonly [string, string])[]
  readonly onChange: (value: string) => void
}) {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint}>
      <select
        id={id}
        className={styles['control']}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={describedBy(id, { label, hint })}
      >
        {choices.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </Frame>
  )
}
