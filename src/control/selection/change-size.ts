import { diffArrays } from 'diff'
import type { ChangedFile } from '../review/index.ts'
import { tokensOf } from './tokens.ts'

/** How much a change changes. Tests are left out: bringing more of them is no fault. */
export interface ChangeSize {
  /** Tokens of code added and removed; comments and white space do not count. */
  readonly tokens: number
  readonly files: number
  /** Lines added and removed, comments and all. */
  readonly lines: number
}

/** Edits beyond which the exact distance is not worth its time, and the sum of both sides is taken. */
const mostEdits = 1_000

/** The size of a change by what it says rather than by how it is laid out. */
export async function measureChange(files: readonly ChangedFile[]): Promise<ChangeSize> {
  let tokens = 0
  let lines = 0
  const counted = files.filter(({ kind }) => kind !== 'test')
  for (const { path, oldPath, before, after } of counted) {
    const [old, fresh] = await Promise.all([tokensOf(oldPath, before ?? ''), tokensOf(path, after ?? '')])
    tokens += distance(old, fresh)
    lines += distance((before ?? '').split('\n'), (after ?? '').split('\n'))
  }
  return { tokens, files: counted.length, lines }
}

/** Elements that have to be removed and added. */
function distance(one: readonly string[], other: readonly string[]): number {
  const parts = diffArrays([...one], [...other], { maxEditLength: mostEdits })
  if (parts === undefined) return one.length + other.length
  return parts.reduce((sum, { added, removed, count }) => (added || removed ? sum + count : sum), 0)
}
