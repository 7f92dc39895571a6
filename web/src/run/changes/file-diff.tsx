import { useState, type ReactNode } from 'react'
import { MessageSquarePlus } from 'lucide-react'
import { Decoration, Diff, getChangeKey, Hunk, type ChangeData, type FileData } from 'react-diff-view'
import 'react-diff-view/style/index.css'
import { NoteEditor, NoteList } from './note-widgets.tsx'
import type { LineNote, LineNotes } from './line-notes.ts'
import styles from './file-diff.module.css'

/** Where a line stands: in the new version, or in the old one when it was deleted. */
function placeOf(change: ChangeData): Omit<LineNote['place'], 'path'> {
  if (change.type === 'delete') return { line: change.lineNumber, side: 'old' }
  return { line: change.type === 'normal' ? change.newLineNumber : change.lineNumber, side: 'new' }
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
  const widgets: Record<string, ReactNode> = {}
  for (const change of file.hunks.flatMap((hunk) => hunk.changes)) {
    const { line, side } = placeOf(change)
    const key = getChangeKey(change)
    const own = notes.all.filter(
      ({ place }) => place.path === path && place.line === line && place.side === side,
    )
    if (own.length === 0 && key !== editing) continue
    widgets[key] = (
      <div className={styles['widget']}>
        <NoteList notes={own} onResolve={notes.resolve} />
        {key === editing && (
          <NoteEditor
            onCancel={() => setEditing(undefined)}
            onSave={async (text) => {
              await notes.add({ path, line, side }, text)
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
            {side === placeOf(change).side && (
              <button
                type="button"
                className={styles['comment']}
                tabIndex={change.type === 'normal' ? -1 : 0}
                aria-label={`Comment on line ${placeOf(change).line}`}
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
