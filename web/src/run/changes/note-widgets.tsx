import { useMutation } from '@tanstack/react-query'
import { Age, Button, ErrorNote, Status, TextArea, useAnnouncer, useDraft } from '../../ui/index.ts'
import type { LineNote } from './line-notes.ts'
import styles from './note-widgets.module.css'

/** What was said about a line. */
export function NoteList({
  notes,
  onResolve,
}: {
  readonly notes: readonly LineNote[]
  /** Absent for whoever may only read. */
  readonly onResolve: ((noteId: string) => Promise<void>) | undefined
}) {
  const { sayFailure } = useAnnouncer()
  return (
    <ul className={styles['notes']}>
      {notes.map(({ id, by, text, severity, suggestion, at, isResolved }) => (
        <li key={id} data-resolved={isResolved === true}>
          <p className={styles['by']}>
            {severity !== undefined && <Status status={severity} />}
            <strong>{by}</strong>
            {at !== undefined && <Age time={at} />}
            {isResolved === true && <Status status="succeeded" word="Dealt with" />}
            {isResolved === false && onResolve !== undefined && (
              <Button look="quiet" onClick={() => void onResolve(id).catch(sayFailure)}>
                Dealt with
              </Button>
            )}
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
  place,
  onSave,
  onCancel,
}: {
  /** Names what the comment is about, so that what was written of it is found again. */
  readonly place: string
  readonly onSave: (text: string) => Promise<void>
  readonly onCancel: () => void
}) {
  const [text, setText] = useDraft(place)
  const save = useMutation({
    mutationFn: async () => {
      await onSave(text.trim())
      setText('')
    },
  })
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
