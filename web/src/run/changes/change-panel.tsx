import { useMemo } from 'react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  changeQuery,
  commentsQuery,
  createIdempotencyKey,
  studio,
  type Comment,
  type RunReport,
} from '../../api/index.ts'
import { ErrorNote, principalName, Skeleton } from '../../ui/index.ts'
import { ChangeView } from './change-view.tsx'
import type { LineNote } from './line-notes.ts'

type Finding = RunReport['findings'][number]

function noteOfFinding(
  { file, line, rule, severity, message, suggestion }: Finding,
  index: number,
): readonly LineNote[] {
  if (file === undefined || line === undefined) return []
  const place = { path: file, line, side: 'new' } as const
  const note = { id: `finding-${index}`, place, by: rule, text: message, severity }
  return [suggestion === undefined ? note : { ...note, suggestion }]
}

function noteOfComment(comment: Comment, tree: string): readonly LineNote[] {
  const { id, place, by, body, createdAt, resolved } = comment
  if (place === null || comment.tree !== tree) return []
  return [{ id, place, by: principalName(by), text: body, at: createdAt, isResolved: resolved !== null }]
}

/** The change of a run with everything that was said about its lines, and a way to say more. */
export function ChangePanel({
  runId,
  findings,
  mayComment,
}: {
  readonly runId: string
  readonly findings: readonly Finding[]
  readonly mayComment: boolean
}) {
  const cache = useQueryClient()
  const { data: change, isError, error } = useQuery(changeQuery(runId))
  const { data: comments } = useQuery(commentsQuery(runId))
  const notes = useMemo(
    () => [
      ...findings.flatMap(noteOfFinding),
      ...(comments ?? []).flatMap((comment) => noteOfComment(comment, change?.tree ?? '')),
    ],
    [findings, comments, change],
  )
  const add = async (place: LineNote['place'], text: string): Promise<void> => {
    await studio.addComment({
      params: { runId },
      body: { body: text, place },
      idempotencyKey: createIdempotencyKey(),
    })
    await cache.invalidateQueries(commentsQuery(runId))
  }
  const resolve = async (commentId: string): Promise<void> => {
    await studio.resolveComment({ params: { runId, commentId } })
    await cache.invalidateQueries(commentsQuery(runId))
  }
  if (change === undefined) return isError ? <ErrorNote error={error} /> : <Skeleton lines={8} />
  return (
    <ChangeView runId={runId} change={change} notes={{ all: notes, ...(mayComment && { add, resolve }) }} />
  )
}
