import { developmentErrors } from '../errors.ts'
import { explainMismatch, lineOf, withLineEndsOf } from './locate-text.ts'

/** What a unified diff says about one file. */
export interface PatchedFile {
  /** Null for a file that it adds. */
  readonly oldPath: string | null
  /** Null for a file that it deletes. */
  readonly newPath: string | null
  readonly hunks: readonly Hunk[]
}

export interface Hunk {
  /** 1-based line where it says that its first line stands; only a hint. */
  readonly start: number
  readonly lines: readonly HunkLine[]
}

interface HunkLine {
  readonly kind: 'kept' | 'removed' | 'added'
  readonly text: string
  /** The line has no line end: it is the last one of the file. */
  readonly isUnterminated?: true
}

/**
 * Reads a unified diff as models write it: line numbers and counts may be wrong or missing, and lines around the diff are
 * passed over.
 *
 * @throws ATL_DEVELOP_PATCH_UNREADABLE
 */
export function readPatch(patch: string): readonly PatchedFile[] {
  const lines = patch.replaceAll('\r\n', '\n').split('\n')
  if (lines.at(-1) === '') lines.pop()
  const files: PatchedFile[] = []
  let at = 0
  while (at < lines.length) {
    const header = readHeader(lines, at)
    if (header === undefined) {
      if (/^@@/.test(lines[at] ?? ''))
        throw unreadable('a hunk stands before any `--- a/path` and `+++ b/path`', at)
      if (/^(?:GIT binary patch|Binary files )/.test(lines[at] ?? ''))
        throw unreadable('it holds binary content', at)
      at += 1
      continue
    }
    at = header.next
    const hunks: Hunk[] = []
    while (/^@@/.test(lines[at] ?? '')) {
      const { hunk, next } = readHunk(lines, at)
      hunks.push(hunk)
      at = next
    }
    if (hunks.length === 0 && header.oldPath === header.newPath) throw unreadable('a file has no hunk', at)
    files.push({ oldPath: header.oldPath, newPath: header.newPath, hunks })
  }
  if (files.length === 0) throw unreadable('it names no file', 0)
  return files
}

function unreadable(why: string, line: number): Error {
  return developmentErrors.PATCH_UNREADABLE({ detail: `${why} (line ${line + 1} of the patch)` })
}

interface Header {
  readonly oldPath: string | null
  readonly newPath: string | null
  readonly next: number
}

/** `--- a/x`, `+++ b/x`; or `rename from x`, `rename to y` without them. */
function readHeader(lines: readonly string[], at: number): Header | undefined {
  const old = /^--- (.+)$/.exec(lines[at] ?? '')?.[1]
  const fresh = /^\+\+\+ (.+)$/.exec(lines[at + 1] ?? '')?.[1]
  if (old !== undefined && fresh !== undefined) {
    const [oldPath, newPath] = [pathIn(old, 'a/'), pathIn(fresh, 'b/')]
    if (oldPath === null && newPath === null) throw unreadable('it names no file', at)
    return { oldPath, newPath, next: at + 2 }
  }
  const from = /^rename from (.+)$/.exec(lines[at] ?? '')?.[1]
  const to = /^rename to (.+)$/.exec(lines[at + 1] ?? '')?.[1]
  if (from === undefined || to === undefined) return undefined
  const next = lines.findIndex(
    (line, index) => index >= at + 2 && !/^(?:index |new mode|old mode)/.test(line),
  )
  // The names may be repeated in front of hunks.
  const repeated = next === -1 ? undefined : readHeader(lines, next)
  const isSame = repeated?.oldPath === from && repeated.newPath === to
  return { oldPath: from, newPath: to, next: isSame ? repeated.next : next === -1 ? lines.length : next }
}

function pathIn(written: string, prefix: string): string | null {
  // What follows a tab is a date.
  const name = (written.split('\t')[0] ?? '').trim().replace(/^"(.*)"$/, '$1')
  if (name === '/dev/null') return null
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

function readHunk(lines: readonly string[], at: number): { readonly hunk: Hunk; readonly next: number } {
  const start = Number(/^@@ -(\d+)/.exec(lines[at] ?? '')?.[1] ?? 0)
  const read: HunkLine[] = []
  let next = at + 1
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? ''
    if (/^@@|^diff --git |^rename from /.test(line) || isFileHeader(lines, next)) break
    const last = read.at(-1)
    if (line.startsWith('\\') && last !== undefined) {
      read[read.length - 1] = { ...last, isUnterminated: true }
      continue
    }
    const kind = kindOf(line)
    if (kind === undefined) throw unreadable('a line of a hunk starts with none of ` `, `-`, `+`', next)
    read.push({ kind, text: line.slice(1) })
  }
  // Empty lines behind a hunk separate it from what follows; as context they would not be missed.
  for (let end = next - 1; end > at && lines[end] === ''; end -= 1) read.pop()
  if (read.length === 0) throw unreadable('a hunk is empty', at)
  return { hunk: { start, lines: read }, next }
}

function isFileHeader(lines: readonly string[], at: number): boolean {
  return /^--- ./.test(lines[at] ?? '') && /^\+\+\+ ./.test(lines[at + 1] ?? '')
}

function kindOf(line: string): HunkLine['kind'] | undefined {
  // Editors and models drop the space of an empty line.
  if (line === '' || line.startsWith(' ')) return 'kept'
  if (line.startsWith('-')) return 'removed'
  return line.startsWith('+') ? 'added' : undefined
}

/**
 * A text with the hunks of a patch applied. Each is looked for by its lines, near to where it says it stands, so wrong
 * numbers do no harm. All or nothing.
 *
 * @throws ATL_DEVELOP_TEXT_NOT_FOUND, ATL_DEVELOP_TEXT_AMBIGUOUS
 */
export function applyHunks(path: string, text: string, hunks: readonly Hunk[]): string {
  let result = text
  let shift = 0
  let from = 0
  for (const [index, hunk] of hunks.entries()) {
    const which = `${path}, hunk ${index + 1} of ${hunks.length}`
    const before = withLineEndsOf(sideOf(hunk, 'added'), text)
    const after = withLineEndsOf(sideOf(hunk, 'removed'), text)
    const place = placeOf(which, result, { before, hint: hunk.start + shift, from })
    result = result.slice(0, place.start) + place.lead + after + result.slice(place.start + place.length)
    from = place.start + place.lead.length + after.length
    shift += hunk.lines.filter(({ kind }) => kind === 'added').length
    shift -= hunk.lines.filter(({ kind }) => kind === 'removed').length
  }
  return result
}

/** The lines of a hunk without those of a kind. */
function sideOf({ lines }: Hunk, without: 'added' | 'removed'): string {
  return lines
    .filter(({ kind }) => kind !== without)
    .map(({ text, isUnterminated }) => (isUnterminated === true ? text : `${text}\n`))
    .join('')
}

interface Search {
  readonly before: string
  /** 1-based line. */
  readonly hint: number
  /** Offset that the hunk before has reached. */
  readonly from: number
}

interface HunkPlace {
  readonly start: number
  readonly length: number
  /** What has to stand in front of what is put there: the line end that the file's last line lacks. */
  readonly lead: string
}

function placeOf(which: string, text: string, { before, hint, from }: Search): HunkPlace {
  if (before === '') return insertionAt(text, hint)
  const starts = lineOccurrences(text, before).filter((start) => start >= from)
  const [first, ...others] = starts
    .map((start) => ({ start, distance: Math.abs(lineOf(text, start) - hint) }))
    .toSorted((a, b) => a.distance - b.distance)
  if (first === undefined) {
    // The last line of a file may lack its line end although the patch says nothing about that.
    const withoutEnd = before.replace(/\r?\n$/, '')
    if (withoutEnd !== before && withoutEnd !== '' && text.endsWith(withoutEnd)) {
      const start = text.length - withoutEnd.length
      if (start >= from && isLineStart(text, start)) return { start, length: withoutEnd.length, lead: '' }
    }
    throw developmentErrors.TEXT_NOT_FOUND({ detail: `${which}; ${explainMismatch(text, before)}` })
  }
  if (first.distance > 0 && others.length > 0) {
    const lines = starts.slice(0, 10).map((start) => lineOf(text, start))
    throw developmentErrors.TEXT_AMBIGUOUS({
      detail: `${which}: its lines stand at ${lines.join(', ')}, and none of these is the line it names`,
    })
  }
  return { start: first.start, length: before.length, lead: '' }
}

/** A hunk that only adds: behind the line it names, as `diff -U0` means it; at the end if there is no such line. */
function insertionAt(text: string, line: number): HunkPlace {
  if (line <= 0) return { start: 0, length: 0, lead: '' }
  let start = 0
  for (let count = 0; count < line; count += 1) {
    const end = text.indexOf('\n', start)
    if (end === -1) {
      const isOpen = text.length > 0 && !text.endsWith('\n')
      return { start: text.length, length: 0, lead: isOpen ? withLineEndsOf('\n', text) : '' }
    }
    start = end + 1
  }
  return { start, length: 0, lead: '' }
}

/** Occurrences that begin at the beginning of a line; they may overlap. */
function lineOccurrences(text: string, wanted: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1))
    if (isLineStart(text, at) && (wanted.endsWith('\n') || at + wanted.length === text.length)) found.push(at)
  return found
}

function isLineStart(text: string, offset: number): boolean {
  return offset === 0 || text[offset - 1] === '\n'
}
