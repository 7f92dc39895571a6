import { useMemo, useState } from 'react'
import { queryOptions, skipToken, useQuery } from '@tanstack/react-query'
import {
  expandFromRawCode,
  getCollapsedLinesCountBetween,
  type FileData,
  type HunkData,
} from 'react-diff-view'
import { studio } from '../../api/index.ts'

/** Lines of the old version, from the first to behind the last. */
interface Lines {
  readonly from: number
  /** Unknown is everything to the end of the file. */
  readonly to: number | undefined
}

/** Unchanged lines that are left out before a hunk, or behind the last one. */
interface Gap extends Lines {
  /** Undefined behind the last hunk, while nobody has asked how long the file is. */
  readonly count: number | undefined
}

interface WholeFile {
  /** With the unchanged lines that were asked for. */
  readonly hunks: HunkData[]
  /** What is left out before each of the hunks, and behind the last one. */
  readonly gaps: readonly (Gap | undefined)[]
  /** Undefined shows everything. */
  readonly show: (gap: Lines | undefined) => void
  readonly isAsking: boolean
  readonly error: unknown
  /** Why the file cannot be shown whole. */
  readonly obstacle: string | undefined
}

const everything: Lines = { from: 1, to: undefined }

const obstacles = {
  binary: 'The file is no text.',
  'too-large': 'The file is too long to be shown whole. The branch has it.',
  absent: 'The file is not there any more.',
} as const

/** A whole file of the change: what a tree holds does not change. */
function changedFileQuery(runId: string, path: string, side: 'old' | 'new') {
  return queryOptions({
    queryKey: ['run', runId, 'change', 'file', path, side],
    queryFn: ({ signal }) => studio.getChangedFile({ params: { runId }, query: { path, side }, signal }),
    staleTime: Infinity,
  })
}

/** The hunks of a file, with those of its unchanged lines that somebody wants to see; the file is fetched then. */
export function useWholeFile(runId: string, path: string, file: FileData): WholeFile {
  const [shown, setShown] = useState<readonly Lines[]>([])
  const query = changedFileQuery(runId, path, 'old')
  const { data, isFetching, error } = useQuery({
    ...query,
    ...(shown.length === 0 && { queryFn: skipToken }),
  })
  const source = useMemo(() => (data?.text == null ? undefined : linesOf(data.text)), [data])
  const hunks = useMemo(
    () =>
      source === undefined
        ? file.hunks
        : shown.reduce(
            (some, { from, to }) => expandFromRawCode(some, source, from, to ?? source.length + 1),
            file.hunks,
          ),
    [file, shown, source],
  )
  // What was added or deleted as a whole has nothing beside it.
  const isPartial = file.type === 'modify' || file.type === 'rename' || file.type === 'copy'
  return {
    hunks,
    gaps: isPartial ? gapsOf(hunks, source?.length) : [],
    show: (gap) => setShown([...shown, gap ?? everything]),
    isAsking: isFetching,
    error,
    obstacle: data === undefined || data.state === 'text' ? undefined : obstacles[data.state],
  }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function gapsOf(hunks: readonly HunkData[], length: number | undefined): readonly (Gap | undefined)[] {
  const before = hunks.map((hunk, index) => {
    const previous = hunks[index - 1] ?? null
    const count = getCollapsedLinesCountBetween(previous, hunk)
    return count > 0 ? { from: hunk.oldStart - count, to: hunk.oldStart, count } : undefined
  })
  const last = hunks.at(-1)
  if (last === undefined) return before
  const from = last.oldStart + last.oldLines
  const count = length === undefined ? undefined : length + 1 - from
  return [...before, count === 0 ? undefined : { from, to: undefined, count }]
}
