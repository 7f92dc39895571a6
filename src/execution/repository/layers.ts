import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { listTree } from './tree.ts'

const run = promisify(execFile)

/**
 * A directory with exactly the files of a tree, without `.git`, fit to be a layer of a sandbox. Made once per tree
 * and shared by all runs; nobody may write into it. Symbolic links are as the repository has them, so the host must
 * not follow what is inside.
 *
 * Files keep their ordinary modes (0644, 0755) rather than being read-only: an overlay copies the mode up on the
 * first write, and programs in the sandbox must be able to change their own copy.
 */
export async function materialiseTree(context: RepositoryContext, tree: string): Promise<string> {
  return buildLayer(context, join('trees', tree), async (building) => {
    await assertBounded(context, tree)
    const indexFile = `${building}.index`
    try {
      const shared = { gitDirectory: context.gitDirectory, indexFile, workTree: building }
      await context.git.run({ ...shared, args: ['read-tree', tree], timeoutMs: context.limits.transferMs })
      await context.git.run({
        ...shared,
        args: ['checkout-index', '--all'],
        config: { 'core.bare': 'false', 'core.symlinks': 'true', 'checkout.workers': '4' },
        timeoutMs: context.limits.transferMs,
      })
    } finally {
      await rm(indexFile, { force: true })
    }
  })
}

/** Refuses trees with too many files or bytes before git expands them. */
async function assertBounded(context: RepositoryContext, tree: string): Promise<void> {
  const bytes = (await listTree(context, tree)).reduce((sum, entry) => sum + entry.size, 0)
  if (bytes > context.limits.treeBytes) {
    throw repositoryErrors.TOO_LARGE({
      detail: `the files of tree ${tree} have ${bytes} bytes, the limit is ${context.limits.treeBytes}`,
    })
  }
}

/**
 * Fills a fresh directory and gives it its final name in one step. When somebody else was faster, theirs is taken:
 * both are the same by construction.
 */
export async function buildLayer(
  context: RepositoryContext,
  name: string,
  fill: (building: string) => Promise<void>,
): Promise<string> {
  const final = join(context.root, 'layers', name)
  if (await isDirectory(final)) return final
  const scratch = await mkdtemp(join(context.root, 'scratch', 'layer-'))
  try {
    const building = join(scratch, 'layer')
    await mkdir(building, { mode: 0o755 })
    await fill(building)
    // The sandbox's user must be able to read this, whatever umask the studio runs under.
    await run('chmod', ['-R', 'go+rX', building])
    const { layerOwner } = context
    if (layerOwner !== undefined) {
      await run('chown', ['-R', '-h', '-P', `${layerOwner.uid}:${layerOwner.gid}`, building])
    }
    await rename(building, final).catch(async (cause: unknown) => {
      if (!(await isDirectory(final))) throw cause
    })
    return final
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw repositoryErrors.NO_SPACE({ cause })
    throw cause
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  )
}
