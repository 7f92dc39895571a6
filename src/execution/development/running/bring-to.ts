import { posix } from 'node:path'
import type { Repository } from '../../repository/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { workspaceRoot } from '../../testing/index.ts'

/** More differences than this are faster and safer to lay out anew. */
const mostDifferences = 300
const concurrency = 4

/** A sandbox and the tree that it holds. */
interface Holder {
  readonly sandbox: Sandbox
  readonly repository: Repository
  tree: string
}

/** Whether a sandbox that holds one tree can be brought to another by writing a few ordinary files. */
export async function canBringTo(repository: Repository, from: string, to: string): Promise<boolean> {
  if (from === to) return true
  const changes = await repository.treeChanges(from, to)
  if (changes === undefined) return false
  const { gone, added } = changes
  return (
    gone.length + added.length <= mostDifferences &&
    added.every(({ kind }) => kind === 'file' || kind === 'executable') &&
    [...gone, ...added.map(({ path }) => path)].every((path) => !path.includes('\ufffd'))
  )
}

/** Writes and removes the files in which the tree differs from the one that the sandbox holds. */
export async function bringTo(holder: Holder, tree: string, signal: AbortSignal): Promise<void> {
  const { sandbox, repository } = holder
  if (holder.tree === tree) return
  const changes = await repository.treeChanges(holder.tree, tree)
  if (changes === undefined) throw new Error(`tree ${holder.tree} is not among the objects any more`)
  const paths = changes.added.map(({ path }) => path)
  // First away with what is there: it may have become a link, or a folder.
  await runProgram(sandbox, ['rm', '-rf', '--', ...new Set([...changes.gone, ...paths])], signal)
  const contents = [...(await repository.readFiles(tree, paths))]
  const write = async (): Promise<void> => {
    for (let next = contents.pop(); next !== undefined; next = contents.pop()) {
      signal.throwIfAborted()
      await sandbox.writeFile(posix.join(workspaceRoot, next[0]), next[1])
    }
  }
  await Promise.all(Array.from({ length: concurrency }, write))
  const executable = changes.added.flatMap(({ path, kind }) => (kind === 'executable' ? [path] : []))
  if (executable.length > 0) await runProgram(sandbox, ['chmod', '755', '--', ...executable], signal)
  holder.tree = tree
}

async function runProgram(
  sandbox: Sandbox,
  argv: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<void> {
  const { ended, stderr } = await sandbox.run({ argv, timeoutMs: 60_000, signal })
  if (ended.kind !== 'exited' || ended.code !== 0)
    throw new Error(`${argv[0]} failed in the sandbox: ${stderr.slice(0, 300)}`)
}
