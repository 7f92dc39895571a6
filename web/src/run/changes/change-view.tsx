import { useMemo, useState } from 'react'
import { ChevronDown, ChevronRight, Columns2, Rows3 } from 'lucide-react'
import { parseDiff } from 'react-diff-view'
import type { Change } from '../../api/index.ts'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { useShortcuts } from '../../keyboard/index.ts'
import { Button, plural, Tag, type Tone } from '../../ui/index.ts'
import { FileDiff } from './file-diff.tsx'
import type { LineNotes } from './line-notes.ts'
import styles from './change-view.module.css'

type ChangedFile = Change['files'][number]

/** Lines that are open from the start: files that go beyond, alone or together with those before, are opened on request. */
const openLines = { file: 800, change: 3000 }

const tones: Readonly<Record<ChangedFile['status'], Tone>> = {
  added: 'good',
  modified: 'quiet',
  deleted: 'bad',
  renamed: 'busy',
}

/** Where a file stands in the page, for links and keys. */
function anchorOf(path: string): string {
  return `file-${path}`
}

/** Which files are open from the start. */
function shortOnes(files: readonly ChangedFile[]): ReadonlySet<ChangedFile> {
  const short = new Set<ChangedFile>()
  let sum = 0
  for (const file of files) {
    const lines = file.added + file.deleted
    if (lines > openLines.file || sum + lines > openLines.change) continue
    sum += lines
    short.add(file)
  }
  return short
}

/** A change: its files with their differences, side by side or in one column, with findings and comments on their lines. */
export function ChangeView({
  runId,
  change: shown,
  notes,
}: {
  readonly runId: string
  readonly change: Change
  readonly notes: LineNotes
}) {
  const { files } = shown
  const { values, change } = useSearchParameters()
  const sideBySide = values['diff'] === 'split'
  const toggle = (): void => change({ diff: sideBySide ? undefined : 'split' })
  const jump = (by: 1 | -1): void => {
    const places = files.map(({ path }) => document.getElementById(anchorOf(path)))
    const below = places.findIndex(
      (place) => (place?.getBoundingClientRect().top ?? 0) > (by === 1 ? 140 : 90),
    )
    const index = by === 1 ? below : (below === -1 ? places.length : below) - 2
    places[Math.max(0, index)]?.scrollIntoView()
  }

  const short = useMemo(() => shortOnes(files), [files])

  useShortcuts([
    { keys: 's', does: 'Side by side or one column', group: 'Change', run: toggle },
    { keys: 'n', does: 'Next file', group: 'Change', run: () => jump(1) },
    { keys: 'p', does: 'Previous file', group: 'Change', run: () => jump(-1) },
  ])

  return (
    <div className={styles['change']}>
      <div className={styles['bar']}>
        <h2 className={styles['size']}>
          {plural(files.length, 'file')}, <span className={styles['added']}>+{shown.added}</span>{' '}
          <span className={styles['deleted']}>−{shown.deleted}</span>
        </h2>
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
          key={file.path}
          isShort={short.has(file)}
          runId={runId}
          file={file}
          viewType={sideBySide ? 'split' : 'unified'}
          notes={notes}
        />
      ))}
    </div>
  )
}

function FileSection({
  runId,
  isShort,
  file,
  viewType,
  notes,
}: {
  readonly runId: string
  readonly isShort: boolean
  readonly file: ChangedFile
  readonly viewType: 'split' | 'unified'
  readonly notes: LineNotes
}) {
  const { path, oldPath, status, kind, added, deleted, patch } = file
  const [open, setOpen] = useState(isShort || patch === null)
  const diff = useMemo(
    () => (patch === null || !open ? undefined : parseDiff(patch, { nearbySequences: 'zip' })[0]),
    [patch, open],
  )
  return (
    <section id={anchorOf(path)} className={styles['file']} aria-label={path}>
      <h3 className={styles['heading']}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={15} aria-hidden /> : <ChevronRight size={15} aria-hidden />}
          <code>{oldPath === null ? path : `${oldPath} → ${path}`}</code>
        </button>
        <span className={styles['facts']}>
          {kind !== 'source' && <Tag>{kind}</Tag>}
          {status !== 'modified' && <Tag tone={tones[status]}>{status}</Tag>}
          <span className={styles['added']}>+{added}</span>
          <span className={styles['deleted']}>−{deleted}</span>
        </span>
      </h3>
      {open &&
        (diff === undefined ? (
          <p className={styles['unshown']}>Binary, or longer than can be shown here. The branch has it.</p>
        ) : (
          <FileDiff key={patch} runId={runId} file={diff} path={path} viewType={viewType} notes={notes} />
        ))}
    </section>
  )
}
