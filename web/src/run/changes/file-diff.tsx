import { useState, type ReactNode } from 'react'
import { MessageSquarePlus } from 'lucide-react'
import { Decoration, Diff, getChangeKey, Hunk, type ChangeData, type FileData } from 'react-diff-view'
import 'react-diff-view/style/index.css'
import { NoteEditor, NoteList } from './note-widgets.tsx'
import type { LineNotes } from './line-notes.ts'
import styles from './file-diff.module.css'

/** The line in the new version; undefined for one that was deleted. */
function newLine(change: ChangeData): number | undefined {
  if (change.type === 'delete') return undefined
  return change.type === 'normal' ? change.newLineNumber : change.lineNumber
}

/** The differences of one file. */
export function FileDiff({
  file,
  path,
  viewType,
  notes,
}: {
  readonly file: FileData
  readonly path: string
  readonly viewType: 'split' | 'unified'
  readonly notes: LineNotes
}) {
  const [editing, setEditing] = useState<string>()
  const { add } = notes
  const widgets: Record<string, ReactNode> = {}
  for (const change of file.hunks.flatMap((hunk) => hunk.changes)) {
    const line = newLine(change)
    const key = getChangeKey(change)
    const own = notes.all.filter((note) => note.path === path && note.line === line)
    const isEdited = key === editing && line !== undefined && add !== undefined
    if (own.length === 0 && !isEdited) continue
    widgets[key] = (
      <div className={styles['widget']}>
        <NoteList notes={own} />
        {isEdited && (
          <NoteEditor
            onCancel={() => setEditing(undefined)}
            onSave={async (text) => {
              await add({ path, line }, text)
              setEditing(undefined)
            }}
          />
        )}
      </div>
    )
  }

  if (file.isBinary === true || file.hunks.length === 0) {
    return (
      <p className={styles['nothing']}>
        {file.isBinary === true ? 'A binary file.' : 'Only its name or mode changed.'}
      </p>
    )
  }
  return (
    <div className={styles['diff']}>
      <Diff
        viewType={viewType}
        diffType={file.type}
        hunks={file.hunks}
        widgets={widgets}
        renderGutter={({ change, side, renderDefault }) => (
          <>
            {add !== undefined && side === 'new' && newLine(change) !== undefined && (
              <button
                type="button"
                className={styles['comment']}
                tabIndex={change.type === 'insert' ? 0 : -1}
                aria-label={`Comment on line ${newLine(change) ?? ''}`}
                onClick={() => setEditing(getChangeKey(change))}
              >
                <MessageSquarePlus size={13} aria-hidden />
              </button>
            )}
            {renderDefault()}
          </>
        )}
      >
        {(hunks) =>
          hunks.flatMap((hunk) => [
            <Decoration key={`${hunk.content}-place`}>
              <div className={styles['place']}>{hunk.content}</div>
            </Decoration>,
            <Hunk key={hunk.content} hunk={hunk} />,
          ])
        }
      </Diff>
    </div>
  )
}
