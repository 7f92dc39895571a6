import { useState } from 'react'
import { useMutation } from '@tanstack/react-query'
import { Age, Button, ErrorNote, Status, TextArea } from '../../ui/index.ts'
import type { LineNote } from './line-notes.ts'
import styles from './note-widgets.module.css'

/** What was said about a line. */
export function NoteList({ notes }: { readonly notes: readonly LineNote[] }) {
  return (
    <ul className={styles['notes']}>
      {notes.map(({ id, by, text, severity, suggestion, at }) => (
        <li key={id}>
          <p className={styles['by']}>
            {severity !== undefined && <Status status={severity} />}
            <strong>{by}</strong>
            {at !== undefined && <Age time={at} />}
          </p>
          <p className={styles['text']}>{text}</p>
          {suggestion !== undefined && <p className={styles['suggestion']}>{suggestion}</p>}
        </li>
      ))}
    </ul>
  )
}

/** A comment while it is written. */
export function NoteEditor({
  onSave,
  onCancel,
}: {
  readonly onSave: (text: string) => Promise<void>
  readonly onCancel: () => void
}) {
  const [text, setText] = useState('')
  const save = useMutation({ mutationFn: () => onSave(text.trim()) })
  return (
    <form
      className={styles['editor']}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') save.mutate()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel()
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
      }}
    >
      <TextArea
        label="Comment"
        autoFocus
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {save.isError && <ErrorNote error={save.error} />}
      <div className={styles['buttons']}>
        <Button look="quiet" onClick={onCancel}>
          Cancel
        </Button>
        <Button
          look="primary"
          type="submit"
          keys="mod+enter"
          busy={save.isPending}
          disabled={text.trim() === ''}
        >
          Comment
        </Button>
      </div>
    </form>
  )
}
