import { AtelierError } from '../../kernel/index.ts'
import type { RepositoryContext } from './context.ts'
import { kindOfMode, objectSizes, type TreeEntry } from './tree.ts'

/** Files in which two trees differ; one whose mode or kind changed counts as gone and added. */
export interface TreeChanges {
  /** Paths of what the first tree had and the second has not, or has otherwise. */
  readonly gone: readonly string[]
  /** What the second tree has and the first had not, or had otherwise. */
  readonly added: readonly TreeEntry[]
}

/** How two trees differ, at the cost of the difference; undefined when the first is not among the objects. */
export async function readTreeChanges(
  context: RepositoryContext,
  before: string,
  after: string,
): Promise<TreeChanges | undefined> {
  const { git, gitDirectory } = context
  const options = ['-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--no-ext-diff', '--end-of-options']
  let stdout: Buffer
  try {
    ;({ stdout } = await git.run({
      args: ['diff-tree', ...options, before, after],
      gitDirectory,
      maxOutputBytes: context.limits.treeEntries * 512,
    }))
  } catch (error) {
    if (error instanceof AtelierError && !(await hasTree(context, before))) return undefined
    throw error
  }
  const gone: string[] = []
  const added: Omit<TreeEntry, 'size'>[] = []
  const fields = stdout.toString('utf8').split('\0')
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [oldMode = '', newMode = '', , newId = ''] = (fields[index] ?? '').slice(1).split(' ')
    const path = fields[index + 1] ?? ''
    if (oldMode !== '000000') gone.push(path)
    if (newMode !== '000000') added.push({ path, kind: kindOfMode(newMode, after), objectId: newId })
  }
  const changes = { gone, added: await withSizes(context, added) }
  // They are what will be read next.
  context.changedEntries.clear()
  context.changedEntries.set(after, new Map(changes.added.map((entry) => [entry.path, entry])))
  return changes
}

async function hasTree({ git, gitDirectory }: RepositoryContext, tree: string): Promise<boolean> {
  const types = await git.text({
    args: ['cat-file', '--batch-check=%(objecttype)'],
    gitDirectory,
    input: `${tree}^{tree}\n`,
  })
  return types.trim() === 'tree'
}

async function withSizes(
  context: RepositoryContext,
  entries: readonly Omit<TreeEntry, 'size'>[],
): Promise<readonly TreeEntry[]> {
  // The commit of a submodule is not among the objects.
  const own = entries.filter(({ kind }) => kind !== 'submodule')
  const sizes = await objectSizes(
    context,
    own.map(({ objectId }) => objectId),
  )
  const sizeOf = new Map(own.map((entry, index) => [entry, sizes[index] ?? 0] as const))
  return entries.map((entry) => ({ ...entry, size: sizeOf.get(entry) ?? 0 }))
}
