import { useState, type ReactNode } from 'react'
import { MessageSquarePlus, UnfoldVertical } from 'lucide-react'
import {
  Decoration,
  Diff,
  getChangeKey,
  Hunk,
  type ChangeData,
  type FileData,
  type HunkData,
} from 'react-diff-view'
import 'react-diff-view/style/index.css'
import { Button, ErrorNote, formatNumber, plural } from '../../ui/index.ts'
import { NoteEditor, NoteList } from './note-widgets.tsx'
import type { LineNote, LineNotes } from './line-notes.ts'
import { useWholeFile } from './whole-file.ts'
import styles from './file-diff.module.css'

/** Where a line stands: in the new version, or in the old one when it was deleted. */
function placeOf(change: ChangeData): Omit<LineNote['place'], 'path'> {
  if (change.type === 'delete') return { line: change.lineNumber, side: 'old' }
  return { line: change.type === 'normal' ? change.newLineNumber : change.lineNumber, side: 'new' }
}

/** Where a hunk stands, with a way to see the unchanged lines that are left out there. */
function gapRow({ gaps, show, obstacle }: ReturnType<typeof useWholeFile>, index: number, place: string) {
  const gap = gaps[index]
  if (gap === undefined || obstacle !== undefined)
    return place === '' || index > 0
      ? []
      : [
          <Decoration key="place">
            <div className={styles['place']}>{place}</div>
          </Decoration>,
        ]
  const words = gap.count === undefined ? 'Show the rest' : `Show ${plural(gap.count, 'unchanged line')}`
  return [
    <Decoration key={`gap-${gap.from}`}>
      <div className={styles['place']}>
        <button type="button" className={styles['gap']} onClick={() => show(gap)}>
          <UnfoldVertical size={12} aria-hidden /> {words}
        </button>
        {place}
      </div>
    </Decoration>,
  ]
}

/** Lines of a difference that are in the page at once; the ones behind are asked for. */
const slice = 1000

/** The first lines of a difference, hunk by hunk. */
function firstLines(hunks: readonly HunkData[], most: number): readonly HunkData[] {
  const first: HunkData[] = []
  let left = most
  for (const hunk of hunks) {
    if (left <= 0) break
    first.push(hunk.changes.length <= left ? hunk : { ...hunk, changes: hunk.changes.slice(0, left) })
    left -= hunk.changes.length
  }
  return first
}

/** The differences of one file. */
export function FileDiff({
  runId,
  file,
  path,
  viewType,
  notes,
}: {
  readonly runId: string
  readonly file: FileData
  readonly path: string
  readonly viewType: 'split' | 'unified'
  readonly notes: LineNotes
}) {
  const [editing, setEditing] = useState<string>()
  const whole = useWholeFile(runId, path, file)
  const [most, setMost] = useState(slice)
  const hunks = firstLines(whole.hunks, most)
  const behind = whole.hunks.reduce((sum, { changes }) => sum + changes.length, 0) - most
  const widgets: Record<string, ReactNode> = {}
  for (const change of hunks.flatMap((hunk) => hunk.changes)) {
    const { line, side } = placeOf(change)
    const key = getChangeKey(change)
    const own = notes.all.filter(
      ({ place }) => place.path === path && place.line === line && place.side === side,
    )
    if (own.length === 0 && key !== editing) continue
    widgets[key] = (
      <div className={styles['widget']}>
        <NoteList notes={own} onResolve={notes.resolve} />
        {key === editing && notes.add !== undefined && (
          <NoteEditor
            place={`comment-${runId}-${path}-${side}-${line}`}
            onCancel={() => setEditing(undefined)}
            onSave={async (text) => {
              await notes.add?.({ path, line, side }, text)
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
  const isPartial = whole.gaps.some((gap) => gap !== undefined)
  return (
    <div className={styles['diff']}>
      {whole.error !== null && <ErrorNote error={whole.error} />}
      {whole.obstacle !== undefined && <p className={styles['nothing']}>{whole.obstacle}</p>}
      {isPartial && whole.obstacle === undefined && (
        <div className={styles['whole']}>
          <Button look="quiet" busy={whole.isAsking} onClick={() => whole.show(undefined)}>
            Show the whole file
          </Button>
        </div>
      )}
      <Diff
        viewType={viewType}
        diffType={file.type}
        hunks={[...hunks]}
        widgets={widgets}
        renderGutter={({ change, side, renderDefault }) => (
          <>
            {notes.add !== undefined && side === placeOf(change).side && (
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
        {(shown) => [
          ...shown.flatMap((hunk, index) => [
            ...gapRow(whole, index, hunk.content),
            <Hunk key={hunk.content} hunk={hunk} />,
          ]),
          ...(behind > 0 ? [] : gapRow(whole, shown.length, '')),
        ]}
      </Diff>
      {behind > 0 && (
        <div className={styles['behind']}>
          <Button onClick={() => setMost(most + slice)}>
            Show {plural(Math.min(slice, behind), 'more line')} of {formatNumber(behind)}
          </Button>
        </div>
      )}
    </div>
  )
}
