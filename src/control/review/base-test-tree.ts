import type { Repository } from '../../execution/repository/index.ts'
import { planBaseTests, type VersionedFile } from './base-tests.ts'

export interface BaseTestTree {
  /** The candidate's sources with the base revision's tests: what the verdict is reached on. */
  readonly tree: string
  /** Tests that the change adds or alters; to be run on the candidate's own tree. */
  readonly changedTests: readonly string[]
}

/** Builds the tree that the verdict is reached on, see {@link planBaseTests}. */
export async function buildBaseTestTree(
  repository: Repository,
  baseTree: string,
  candidateTree: string,
): Promise<BaseTestTree> {
  const differences = await repository.differences(baseTree, candidateTree)
  const sides = differences.flatMap(({ path, oldPath = path, status, oldMode }) => {
    const before =
      status === 'added'
        ? []
        : [{ path: oldPath, before: true, after: oldPath === path && status !== 'deleted', oldMode }]
    const after =
      oldPath === path && status !== 'added' ? [] : [{ path, before: false, after: true, oldMode }]
    return [...before, ...after]
  })
  const files = await Promise.all(
    sides.map(async (side): Promise<VersionedFile> => ({
      path: side.path,
      before: side.before ? await repository.readFile(baseTree, side.path) : null,
      after: side.after ? await repository.readFile(candidateTree, side.path) : null,
      wasExecutable: side.oldMode === '100755',
    })),
  )
  const plan = planBaseTests(files)
  // These are the base revision's own files, binary fixtures among them.
  const tree = await repository.applyFileChanges(candidateTree, plan.changes, { binaryFiles: 'allowed' })
  return { tree, changedTests: plan.changedTests }
}
