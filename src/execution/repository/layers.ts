import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { hostAttributes } from './git-directory.ts'
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
  return buildOnce(context, join(context.root, 'layers', 'trees', tree), async (building) => {
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

export interface CloneOptions {
  /** The commit that the clone's HEAD is at. */
  readonly commit: string
  readonly tree: string
  /** Branch name of HEAD in the clone. */
  readonly branch: string
  /** Commits of history; all when absent. */
  readonly depth?: number
}

/**
 * A layer that holds a `.git` directory for agents: HEAD on one branch at `commit`, the history that leads to it, the
 * tags that were already there, and an index that matches the tree's layer. It holds no future (invariant I12): the
 * objects are fetched by reachability into an empty directory, so no later commit, ref, reflog, remote, alternate or
 * unreachable object can come along.
 */
export async function materialiseClone(context: RepositoryContext, options: CloneOptions): Promise<string> {
  const { commit, tree, branch, depth } = options
  const files = await materialiseTree(context, tree)
  const name = [commit, branch.replaceAll('/', '%2F'), ...(depth === undefined ? [] : [String(depth)])].join(
    '-',
  )
  return buildOnce(context, join(context.root, 'layers', 'clones', name), async (building) => {
    const target = join(building, '.git')
    await mkdir(join(target, 'refs', 'heads'), { recursive: true })
    await mkdir(join(target, 'refs', 'tags'))
    await mkdir(join(target, 'objects', 'pack'), { recursive: true })
    await mkdir(join(target, 'objects', 'info'))
    await writeFile(join(target, 'config'), cloneConfiguration(context))
    await writeFile(join(target, 'HEAD'), `ref: refs/heads/${branch}\n`)
    const tags = depth === undefined ? await tagsBefore(context, commit) : []
    await context.git.run({
      args: [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--update-shallow',
        '--no-auto-maintenance',
        ...(depth === undefined ? [] : [`--depth=${depth}`]),
        '--stdin',
        context.gitDirectory,
      ],
      gitDirectory: target,
      // Objects come from the studio's own directory, where they were checked on import.
      config: { 'transfer.fsckObjects': 'false', 'core.bare': 'true', 'core.logAllRefUpdates': 'false' },
      input: [`+${commit}:refs/heads/${branch}`, ...tags.map((tag) => `+${tag}:${tag}`)].join('\n') + '\n',
      timeoutMs: context.limits.transferMs,
    })
    await writeIndex(context, target, tree, files)
    await mkdir(join(target, 'info'), { recursive: true })
    await writeFile(join(target, 'info', 'exclude'), '')
  })
}

/** The index of the clone knows the files of the tree's layer, so that `git status` need not read them all. */
async function writeIndex(
  context: RepositoryContext,
  target: string,
  tree: string,
  files: string,
): Promise<void> {
  const shared = {
    gitDirectory: target,
    workTree: files,
    config: { 'core.bare': 'false', 'core.checkStat': 'minimal', 'core.trustctime': 'false' },
    timeoutMs: context.limits.transferMs,
  }
  await mkdir(join(target, 'info'), { recursive: true })
  await writeFile(join(target, 'info', 'attributes'), hostAttributes)
  await context.git.run({ ...shared, args: ['read-tree', tree] })
  await context.git.run({
    ...shared,
    args: ['update-index', '-q', '--refresh'],
    expectedExitCodes: [1],
  })
  await rm(join(target, 'info', 'attributes'))
}

function cloneConfiguration(context: RepositoryContext): string {
  return [
    '[core]',
    `\trepositoryformatversion = ${context.objectFormat === 'sha256' ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = false',
    '\tlogAllRefUpdates = true',
    // The files are on an overlay, whose inode numbers and change times are not those of the layer below.
    '\tcheckStat = minimal',
    '\ttrustctime = false',
    ...(context.objectFormat === 'sha256' ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    '',
  ].join('\n')
}

/**
 * Tags that were there when `commit` was made: those on the commit or before it, and of the annotated ones only those
 * written no later. Build tools derive versions from them.
 */
async function tagsBefore(context: RepositoryContext, commit: string): Promise<readonly string[]> {
  const [committed, tags] = await Promise.all([
    context.git.text({ args: ['show', '-s', '--format=%ct', commit], gitDirectory: context.gitDirectory }),
    context.git.text({
      args: [
        'for-each-ref',
        `--merged=${commit}`,
        '--format=%(refname)%00%(taggerdate:unix)%00%(objecttype)%00%(*objecttype)',
        'refs/tags',
      ],
      gitDirectory: context.gitDirectory,
    }),
  ])
  return tags.split('\n').flatMap((line) => {
    const [name = '', written = '', type, target] = line.split('\0')
    if (name === '' || (type === 'tag' && target !== 'commit')) return []
    return type === 'commit' || (written !== '' && Number(written) <= Number(committed)) ? [name] : []
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
async function buildOnce(
  context: RepositoryContext,
  final: string,
  fill: (building: string) => Promise<void>,
): Promise<string> {
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
