import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryContext } from './context.ts'
import { hostAttributes } from './git-directory.ts'
import { buildLayer, materialiseTree } from './layers.ts'

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
 * tags that were already there, and an index that matches the tree's layer. It holds no future (invariant I12): its
 * one pack is built by reachability from these, so no later commit, ref, reflog, remote, alternate or unreachable
 * object can come along.
 */
export async function materialiseClone(context: RepositoryContext, options: CloneOptions): Promise<string> {
  const { commit, tree, branch, depth } = options
  const files = await materialiseTree(context, tree)
  const name = [commit, encodeURIComponent(branch), ...(depth === undefined ? [] : [String(depth)])].join('-')
  return buildLayer(context, join('clones', name), async (building) => {
    const target = join(building, '.git')
    for (const folder of ['refs/heads', 'refs/tags', 'objects/pack', 'objects/info', 'info']) {
      await mkdir(join(target, folder), { recursive: true })
    }
    await writeFile(join(target, 'config'), cloneConfiguration(context))
    await writeFile(join(target, 'HEAD'), `ref: refs/heads/${branch}\n`)
    if (depth === undefined) await packHistory(context, target, commit, branch)
    else await fetchHistory(context, target, commit, branch, depth)
    await writeIndex(context, target, tree, files)
  })
}

/** All of the history: packed straight into the clone, which is several times faster than a fetch. */
async function packHistory(
  context: RepositoryContext,
  target: string,
  commit: string,
  branch: string,
): Promise<void> {
  const tags = await tagsBefore(context, commit)
  await context.git.run({
    args: [
      'pack-objects',
      '--quiet',
      '--revs',
      '--delta-base-offset',
      '--window=0',
      join(target, 'objects', 'pack', 'pack'),
    ],
    gitDirectory: context.gitDirectory,
    input: [commit, ...tags.map((tag) => tag.objectId)].join('\n') + '\n',
    timeoutMs: context.limits.transferMs,
  })
  const refs = [{ name: `refs/heads/${branch}`, objectId: commit }, ...tags]
  await writeFile(join(target, 'packed-refs'), refs.map((ref) => `${ref.objectId} ${ref.name}\n`).join(''))
  const boundary = await shallowCommits(context, commit)
  if (boundary.length > 0) await writeFile(join(target, 'shallow'), boundary.map((id) => `${id}\n`).join(''))
}

/** The last `depth` commits. */
async function fetchHistory(
  context: RepositoryContext,
  target: string,
  commit: string,
  branch: string,
  depth: number,
): Promise<void> {
  const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--update-shallow', '--update-head-ok']
  await context.git.run({
    args: [
      'fetch',
      ...options,
      `--depth=${depth}`,
      '--',
      context.gitDirectory,
      `+${commit}:refs/heads/${branch}`,
    ],
    gitDirectory: target,
    // The objects were checked when they were imported.
    config: { 'transfer.fsckObjects': 'false', 'core.bare': 'true', 'core.logAllRefUpdates': 'false' },
    timeoutMs: context.limits.transferMs,
  })
}

/** Of the commits at which an incomplete source's history ends, those that lead to `commit`. */
async function shallowCommits(context: RepositoryContext, commit: string): Promise<readonly string[]> {
  const recorded = await readFile(join(context.gitDirectory, 'shallow'), 'latin1').catch(() => '')
  if (recorded === '') return []
  const history = await context.git.text({ args: ['rev-list', commit], gitDirectory: context.gitDirectory })
  const ancestors = new Set(history.split('\n'))
  return recorded.split('\n').filter((id) => ancestors.has(id))
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
  const attributes = join(target, 'info', 'attributes')
  await writeFile(attributes, hostAttributes)
  await context.git.run({ ...shared, args: ['read-tree', tree] })
  await context.git.run({ ...shared, args: ['update-index', '-q', '--refresh'], expectedExitCodes: [1] })
  await rm(attributes)
}

function cloneConfiguration(context: RepositoryContext): string {
  const isSha256 = context.objectFormat === 'sha256'
  return [
    '[core]',
    `\trepositoryformatversion = ${isSha256 ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = false',
    '\tlogAllRefUpdates = true',
    // The files are on an overlay, whose inode numbers and change times are not those of the layer below.
    '\tcheckStat = minimal',
    '\ttrustctime = false',
    ...(isSha256 ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    '',
  ].join('\n')
}

/**
 * Tags that were there when `commit` was made: those on the commit or before it, and of the annotated ones only those
 * written no later. Build tools derive versions from them.
 */
async function tagsBefore(
  context: RepositoryContext,
  commit: string,
): Promise<readonly { readonly name: string; readonly objectId: string }[]> {
  const fields = ['refname', 'objectname', 'objecttype', '*objecttype', 'taggerdate:unix']
  const [committed, tags] = await Promise.all([
    context.git.text({
      args: ['log', '-1', '--no-walk', '--format=%ct', commit],
      gitDirectory: context.gitDirectory,
    }),
    context.git.text({
      args: [
        'for-each-ref',
        `--merged=${commit}`,
        `--format=${fields.map((field) => `%(${field})`).join('%00')}`,
        'refs/tags',
      ],
      gitDirectory: context.gitDirectory,
    }),
  ])
  return tags.split('\n').flatMap((line) => {
    const [name = '', objectId = '', type, target, written = ''] = line.split('\0')
    const isLight = type === 'commit'
    const isEarlier = target === 'commit' && written !== '' && Number(written) <= Number(committed)
    return isLight || isEarlier ? [{ name, objectId }] : []
  })
}
