import { useMemo, useState } from 'react'
import { ChevronDown, ChevronRight, Columns2, Rows3 } from 'lucide-react'
import { parseDiff, type FileData } from 'react-diff-view'
import type { RunReport } from '../../api/index.ts'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { useShortcuts } from '../../keyboard/index.ts'
import { Button, plural, Tag, type Tone } from '../../ui/index.ts'
import { FileDiff } from './file-diff.tsx'
import type { LineNotes } from './line-notes.ts'
import styles from './change-view.module.css'

type FileSummary = NonNullable<RunReport['summary']>['files'][number]

/** Files with more lines than this are opened on request. */
const longFile = 800

const tones: Readonly<Record<FileSummary['status'], Tone>> = {
  added: 'good',
  modified: 'quiet',
  deleted: 'bad',
  renamed: 'busy',
}

function pathOf({ type, oldPath, newPath }: FileData): string {
  return type === 'delete' ? oldPath : newPath
}

/** Where a file stands in the page, for links and keys. */
function anchorOf(path: string): string {
  return `file-${path}`
}

function lengthOf({ hunks }: FileData): number {
  return hunks.reduce((sum, { changes }) => sum + changes.length, 0)
}

/** A change: its files with their differences, side by side or in one column, with findings and comments on their lines. */
export function ChangeView({
  patch,
  summary,
  notes,
}: {
  readonly patch: string
  readonly summary: RunReport['summary']
  readonly notes: LineNotes
}) {
  const files = useMemo(() => parseDiff(patch, { nearbySequences: 'zip' }), [patch])
  const { values, change } = useSearchParameters()
  const sideBySide = values['diff'] === 'split'
  const toggle = (): void => change({ diff: sideBySide ? undefined : 'split' })
  const jump = (by: 1 | -1): void => {
    const places = files.map((file) => document.getElementById(anchorOf(pathOf(file))))
    const below = places.findIndex(
      (place) => (place?.getBoundingClientRect().top ?? 0) > (by === 1 ? 140 : 90),
    )
    const index = by === 1 ? below : (below === -1 ? places.length : below) - 2
    places[Math.max(0, index)]?.scrollIntoView()
  }

  useShortcuts([
    { keys: 's', does: 'Side by side or one column', group: 'Change', run: toggle },
    { keys: 'n', does: 'Next file', group: 'Change', run: () => jump(1) },
    { keys: 'p', does: 'Previous file', group: 'Change', run: () => jump(-1) },
  ])

  return (
    <div className={styles['change']}>
      <div className={styles['bar']}>
        <p>
          {plural(files.length, 'file')}
          {summary !== null && (
            <>
              , <span className={styles['added']}>+{summary.added}</span>{' '}
              <span className={styles['deleted']}>−{summary.deleted}</span>
            </>
          )}
        </p>
        <Button
          look="quiet"
          keys="s"
          icon={sideBySide ? <Rows3 size={15} aria-hidden /> : <Columns2 size={15} aria-hidden />}
          onClick={toggle}
          className={styles['toggle']}
        >
          {sideBySide ? 'One column' : 'Side by side'}
        </Button>
      </div>
      {files.map((file) => (
        <FileSection
          key={pathOf(file)}
          file={file}
          facts={summary?.files.find(({ path }) => path === pathOf(file))}
          viewType={sideBySide ? 'split' : 'unified'}
          notes={notes}
        />
      ))}
    </div>
  )
}

function FileSection({
  file,
  facts,
  viewType,
  notes,
}: {
  readonly file: FileData
  readonly facts: FileSummary | undefined
  readonly viewType: 'split' | 'unified'
  readonly notes: LineNotes
}) {
  const path = pathOf(file)
  const [open, setOpen] = useState(lengthOf(file) <= longFile)
  return (
    <section id={anchorOf(path)} className={styles['file']} aria-label={path}>
      <h3 className={styles['heading']}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={15} aria-hidden /> : <ChevronRight size={15} aria-hidden />}
          <code>{path}</code>
        </button>
        {facts !== undefined && (
          <span className={styles['facts']}>
            {facts.kind !== 'source' && <Tag>{facts.kind}</Tag>}
            {facts.status !== 'modified' && <Tag tone={tones[facts.status]}>{facts.status}</Tag>}
            <span className={styles['added']}>+{facts.added}</span>
            <span className={styles['deleted']}>−{facts.deleted}</span>
          </span>
        )}
      </h3>
      {open && <FileDiff file={file} path={path} viewType={viewType} notes={notes} />}
    </section>
  )
}
