import { useId, useRef, type KeyboardEvent } from 'react'
import { Check } from 'lucide-react'
import { plural } from '../ui/index.ts'
import { indent, rangeOfLine } from './position.ts'
import styles from './editor.module.css'

/** Something wrong with a text, and where. */
interface TextProblem {
  readonly message: string
  readonly remedy?: string | null
  /** From 1; null where it has no single place. */
  readonly line: number | null
  readonly column: number | null
}

interface EditorProps {
  readonly label: string
  readonly text: string
  readonly onChange: (text: string) => void
  readonly problems: readonly TextProblem[]
  /** What is known about the text: nothing yet, that it is being looked at, or what `problems` says. */
  readonly state: 'unknown' | 'checking' | 'checked'
  readonly rows?: number
  readonly placeholder?: string
}

/**
 * A text of many lines with numbers and marks, and under it what is wrong with it: each problem leads to its place. Tab
 * leaves the field, as everywhere on the page; Ctrl ] and Ctrl [ move lines in and out.
 */
export function Editor({ label, text, onChange, problems, state, rows = 22, placeholder }: EditorProps) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  const bad = new Set(problems.map(({ line }) => line))

  const goTo = ({ line, column }: TextProblem): void => {
    const field = area.current
    if (field === null) return
    const { at, end } = rangeOfLine(text, line ?? 1, column ?? 1)
    field.focus()
    field.setSelectionRange(at, end)
    const height = field.scrollHeight / Math.max(1, text.split('\n').length)
    field.scrollTop = Math.max(0, ((line ?? 1) - rows / 2) * height)
  }
  const press = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const direction = event.key === ']' ? 'in' : event.key === '[' ? 'out' : undefined
    if (direction === undefined || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    const field = event.currentTarget
    const next = indent({ text, from: field.selectionStart, to: field.selectionEnd }, direction)
    onChange(next.text)
    requestAnimationFrame(() => field.setSelectionRange(next.from, next.to))
  }
  return (
    <div className={styles['editor']}>
      <label htmlFor={id} className={styles['label']}>
        {label}
      </label>
      <div className={styles['frame']}>
        <div ref={gutter} className={styles['gutter']} aria-hidden>
          {text.split('\n').map((_, index) => (
            <span key={index} data-bad={bad.has(index + 1)}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          id={id}
          ref={area}
          className={styles['text']}
          rows={rows}
          value={text}
          placeholder={placeholder}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          wrap="off"
          aria-invalid={problems.length > 0}
          aria-describedby={`${id}-problems`}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={press}
          onScroll={(event) => {
            if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop
          }}
        />
      </div>
      <div id={`${id}-problems`} role="status" className={styles['problems']}>
        {problems.length > 0 ? (
          problems.map((problem, index) => (
            <button key={index} type="button" className={styles['problem']} onClick={() => goTo(problem)}>
              <span className={styles['place']}>
                {problem.line === null ? 'text' : `${problem.line}:${problem.column ?? 1}`}
              </span>
              <span>{problem.message}</span>
              {problem.remedy != null && <span className={styles['remedy']}>{problem.remedy}</span>}
            </button>
          ))
        ) : state === 'checked' ? (
          <p className={styles['good']}>
            <Check size={14} aria-hidden /> Nothing is wrong with it (
            {plural(text.split('\n').length, 'line')})
          </p>
        ) : (
          <p className={styles['busy']}>{state === 'checking' ? 'Reading it' : ''}</p>
        )}
      </div>
    </div>
  )
}
