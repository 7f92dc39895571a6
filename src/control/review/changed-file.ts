import { parsePatch } from 'diff'
import type { Change, DiffSummary } from '../../contracts/index.ts'
import type { Repository } from '../../execution/repository/index.ts'

/** One file of a change, as reviewers see it. Texts are null when absent or not UTF-8. */
export interface ChangedFile {
  readonly path: string
  readonly oldPath: string
  readonly status: DiffSummary['files'][number]['status']
  readonly kind: DiffSummary['files'][number]['kind']
  readonly before: string | null
  readonly after: string | null
  /** 1-based numbers of the lines of `after` that the change added or altered. */
  readonly addedLines: readonly number[]
  /** The file became executable, or a link, or the like. */
  readonly modeChange: { readonly from: string; readonly to: string } | null
}

/** Loads what the reviewers read: both versions of every file of a change. */
export async function readChangedFiles(
  repository: Repository,
  change: Change,
): Promise<readonly ChangedFile[]> {
  const differences = await repository.differences(change.baseTree, change.tree)
  const kinds = new Map(change.summary.files.map((file) => [file.path, file.kind]))
  const added = addedLinesOf(change.patch)
  return Promise.all(
    differences.map(async ({ path, oldPath = path, status, oldMode, newMode }) => ({
      path,
      oldPath,
      status,
      kind: kinds.get(path) ?? 'other',
      before: status === 'added' ? null : await repository.readText(change.baseTree, oldPath),
      after: status === 'deleted' ? null : await repository.readText(change.tree, path),
      addedLines: added.get(path) ?? [],
      modeChange:
        oldMode === newMode || status === 'deleted' || newMode === '100644'
          ? null
          : { from: oldMode, to: newMode },
    })),
  )
}

/** For every file of a patch, the numbers of the lines it adds, as the new version counts them. */
function addedLinesOf(patch: string): ReadonlyMap<string, readonly number[]> {
  const added = new Map<string, readonly number[]>()
  for (const file of parsePatch(patch)) {
    const name = file.newFileName?.replace(/^b\//, '')
    if (name === undefined || name === '/dev/null') continue
    const numbers: number[] = []
    for (const hunk of file.hunks) {
      let number = hunk.newStart
      for (const line of hunk.lines) {
        if (line.startsWith('+')) numbers.push(number)
        if (line.startsWith('+') || line.startsWith(' ')) number += 1
      }
    }
    added.set(name, numbers)
  }
  return added
}
