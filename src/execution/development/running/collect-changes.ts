import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileChange, reasonToRefuse, type Repository, type TreeEntry } from '../../repository/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { isPassedOver, readLayer, type Layer, type LayerFile } from './read-layer.ts'

/** What became of the files in a sandbox. */
export interface CollectedChanges {
  readonly changes: readonly FileChange[]
  /** What is not taken over into the tree, and why; the sandbox does not hold the tree then. */
  readonly dropped: readonly { readonly path: string; readonly why: string }[]
  /** New files that git ignores. They stay in the sandbox. */
  readonly ignored: readonly string[]
}

export interface CollectRequest {
  readonly sandbox: Sandbox
  readonly repository: Repository
  /** The tree that the sandbox was opened on. */
  readonly floor: string
  /** The tree that it held before the command ran. */
  readonly tree: string
  readonly protectedPaths: readonly string[]
  readonly signal: AbortSignal
}

/** Bytes of one file that a command may leave in the tree. */
const longestFile = 2_000_000

/**
 * How the files differ from the tree after a command ran. What a sandbox wrote is frozen into a layer and read there:
 * programs inside have no say in what is found, and links are not followed.
 */
export async function collectChanges(request: CollectRequest): Promise<CollectedChanges> {
  const { sandbox, repository, floor, tree } = request
  const [floorFiles, files] = await Promise.all([repository.listFiles(floor), repository.listFiles(tree)])
  const folder = await mkdtemp(join(tmpdir(), 'atelier-changes-'))
  try {
    const only = await topLevelNames(sandbox, [...floorFiles, ...files])
    const layer = await readLayer(await sandbox.freeze(join(folder, 'layer'), only))
    const found = compare(layer, new Map(floorFiles.map((file) => [file.path, file])), files)
    const ignored = new Set(
      await ignoredPaths(
        request,
        found.added.map(({ path }) => path),
      ),
    )
    return judge(request, {
      written: [...found.modified, ...found.added.filter(({ path }) => !ignored.has(path))],
      deleted: found.deleted,
      ignored: [...ignored],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What stands in the workspace now or stood there before, without what is never looked at. */
async function topLevelNames(sandbox: Sandbox, files: readonly TreeEntry[]): Promise<readonly string[]> {
  const argv = ['find', '.', '-mindepth', '1', '-maxdepth', '1', '-print0'] as const
  const { stdout } = await sandbox.run({ argv, timeoutMs: 60_000 })
  const now = stdout.split('\0').flatMap((name) => (name.startsWith('./') ? [name.slice(2)] : []))
  const before = files.map(({ path }) => path.split('/', 1)[0] ?? '')
  return [...new Set([...now, ...before])].filter((name) => name !== '' && !isPassedOver(name))
}

interface Comparison {
  readonly modified: readonly LayerFile[]
  readonly added: readonly LayerFile[]
  readonly deleted: readonly string[]
}

function compare(
  layer: Layer,
  floor: ReadonlyMap<string, TreeEntry>,
  files: readonly TreeEntry[],
): Comparison {
  const known = new Set(files.map(({ path }) => path))
  const modified: LayerFile[] = []
  const deleted: string[] = []
  for (const entry of files) {
    const { path } = entry
    const written = layer.files.get(path)
    if (written !== undefined) {
      if (!isSame(written, entry)) modified.push(written)
    } else if (!path.split('/').some(isPassedOver) && (!floor.has(path) || layer.hides(path)))
      deleted.push(path)
  }
  const added = [...layer.files.values()].filter(({ path }) => !known.has(path))
  return { modified, added, deleted }
}

function isSame(file: LayerFile, entry: TreeEntry): boolean {
  if (file.content === null || file.kind !== entry.kind) return false
  const hash = createHash(entry.objectId.length === 40 ? 'sha1' : 'sha256')
  hash.update(`blob ${file.content.length}\0`).update(file.content)
  return hash.digest('hex') === entry.objectId
}

function judge(
  { protectedPaths }: CollectRequest,
  found: {
    readonly written: readonly LayerFile[]
    readonly deleted: readonly string[]
    readonly ignored: readonly string[]
  },
): CollectedChanges {
  const policy = { refusedPaths: protectedPaths }
  const dropped: { readonly path: string; readonly why: string }[] = []
  const changes: FileChange[] = []
  for (const path of found.deleted) {
    const why = reasonToRefuse(path, policy)
    if (why === undefined) changes.push({ kind: 'delete', path })
    else dropped.push({ path, why })
  }
  for (const file of found.written) {
    const { path, kind, content } = file
    const why = reasonToRefuse(path, policy) ?? flawOf(file)
    if (why !== undefined || content === null) dropped.push({ path, why: why ?? 'cannot be read' })
    else changes.push({ kind: 'write', path, content, mode: kind === 'executable' ? 'executable' : 'file' })
  }
  return { changes, dropped, ignored: found.ignored }
}

function flawOf({ kind, content, bytes }: LayerFile): string | undefined {
  if (kind === 'link') return 'is a symbolic link'
  if (content === null || bytes > longestFile)
    return `has ${bytes} bytes, at most ${longestFile} are taken over`
  return isText(content) ? undefined : 'is not a text file'
}

function isText(content: Uint8Array): boolean {
  if (content.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content)
    return true
  } catch {
    return false
  }
}

/** Asked of git inside the sandbox, because `.gitignore` is the repository's. */
async function ignoredPaths(
  { sandbox, signal }: CollectRequest,
  paths: readonly string[],
): Promise<readonly string[]> {
  if (paths.length === 0) return []
  const { ended, stdout } = await sandbox.run({
    argv: ['git', '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', 'check-ignore', '-z', '--stdin'],
    env: { GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    stdin: paths.map((path) => `${path}\0`).join(''),
    timeoutMs: 60_000,
    signal,
  })
  signal.throwIfAborted()
  return ended.kind === 'exited' && ended.code <= 1 ? stdout.split('\0').filter((path) => path !== '') : []
}
