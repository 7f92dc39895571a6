import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { guardPath, type ChangePolicy } from './path-guard.ts'
import { decodeText } from './text.ts'
import { entriesByPath, objectSizes, readTreeFiles } from './tree.ts'

/** Replaces `[start, end)`, in UTF-16 code units of the file's text in the base tree. */
export interface TextEdit {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** The new state of one path. */
export type FileChange =
  | {
      readonly kind: 'write'
      readonly path: string
      readonly content: string | Uint8Array
      /** Keeps what the base tree has when absent; a new file is not executable. */
      readonly mode?: 'file' | 'executable'
    }
  | { readonly kind: 'delete'; readonly path: string }

/**
 * Applies text edits to a tree and returns the id of the new tree. All or nothing: no working tree is involved, and
 * a tree becomes visible only by its id.
 */
export async function applyEdits(
  context: RepositoryContext,
  tree: string,
  edits: readonly TextEdit[],
  policy: ChangePolicy,
): Promise<string> {
  const byFile = Map.groupBy(edits, (edit) => edit.file)
  const contents = await readTreeFiles(context, tree, [...byFile.keys()])
  const changes = [...byFile].map(([path, fileEdits]): FileChange => {
    const content = contents.get(path)
    if (content === undefined)
      throw repositoryErrors.PATCH_INVALID({ detail: `there is no file ${path} to edit` })
    const text = decodeText(content)
    if (text === undefined) throw repositoryErrors.BINARY_REFUSED({ detail: path })
    return { kind: 'write', path, content: spliceText(path, text, fileEdits) }
  })
  return applyFileChanges(context, tree, changes, policy)
}

function spliceText(path: string, text: string, edits: readonly TextEdit[]): string {
  const invalid = (detail: string) => repositoryErrors.PATCH_INVALID({ detail: `${path}: ${detail}` })
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end)
  const parts: string[] = []
  let position = 0
  for (const { start, end, replacement } of ordered) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > text.length) {
      throw invalid(`the range ${start}…${end} is not inside its ${text.length} characters`)
    }
    if (start < position) throw invalid(`two edits overlap at ${start}`)
    parts.push(text.slice(position, start), replacement)
    position = end
  }
  const result = parts.join('') + text.slice(position)
  if (!result.isWellFormed()) throw invalid('an edit splits a character')
  return result
}

/** Writes and deletes whole files of a tree and returns the id of the new tree; all or nothing. */
export async function applyFileChanges(
  context: RepositoryContext,
  tree: string,
  changes: readonly FileChange[],
  policy: ChangePolicy,
): Promise<string> {
  for (const { path } of changes) guardPath(path, policy)
  if (new Set(changes.map(({ path }) => path)).size !== changes.length) {
    throw repositoryErrors.PATCH_INVALID({ detail: 'a path is changed twice' })
  }
  if (changes.length > context.limits.changedFiles) {
    throw repositoryErrors.TOO_LARGE({ detail: `the change touches ${changes.length} files` })
  }
  const entries = await entriesByPath(context, tree)
  guardPlaces(entries, changes)
  const lines: string[] = []
  for (const change of changes) {
    const old = entries.get(change.path)
    if (change.kind === 'delete') {
      if (old === undefined)
        throw repositoryErrors.PATCH_INVALID({ detail: `there is no file ${change.path} to delete` })
      lines.push(`0 ${'0'.repeat(old.objectId.length)}\t${change.path}`)
      continue
    }
    const content = Buffer.from(change.content)
    if (content.length > context.limits.fileBytes) throw repositoryErrors.TOO_LARGE({ detail: change.path })
    const objectId = await context.git.text({
      args: ['hash-object', '-w', '--stdin', '--no-filters'],
      gitDirectory: context.gitDirectory,
      input: content,
    })
    const executable =
      change.mode === 'executable' || (change.mode === undefined && old?.kind === 'executable')
    lines.push(`${executable ? '100755' : '100644'} ${objectId}\t${change.path}`)
  }
  const result = await withIndex(context, tree, async (indexFile) => {
    await context.git.run({
      args: ['update-index', '-z', '--index-info'],
      gitDirectory: context.gitDirectory,
      indexFile,
      input: lines.map((line) => `${line}\0`).join(''),
    })
  })
  await guardResult(context, tree, result, policy)
  return result
}

/**
 * Applies a unified diff, as git prints it, to a tree and returns the id of the new tree; all or nothing. Whatever
 * the patch says about itself, the guard judges what it did: the difference between the two trees.
 */
export async function applyPatch(
  context: RepositoryContext,
  tree: string,
  patch: string,
  policy: ChangePolicy,
): Promise<string> {
  if (Buffer.byteLength(patch) > context.limits.patchBytes) {
    throw repositoryErrors.TOO_LARGE({ detail: `the patch has more than ${context.limits.patchBytes} bytes` })
  }
  if (patch.trim() === '') return tree
  const result = await withIndex(context, tree, async (indexFile) => {
    const applied = await context.git.run({
      args: ['apply', '--cached', '--whitespace=nowarn', '-'],
      gitDirectory: context.gitDirectory,
      indexFile,
      input: patch,
      expectedExitCodes: [1, 128],
    })
    if (applied.exitCode !== 0) {
      const reason = applied.stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 600)
      if (/invalid path|beyond a symbolic link|outside repository/i.test(reason)) {
        throw repositoryErrors.PATH_REFUSED({ detail: reason })
      }
      throw repositoryErrors.PATCH_INVALID({ detail: reason })
    }
  })
  await guardResult(context, tree, result, policy)
  return result
}

/** Refuses a file below something that is not a folder, and a file in the place of a folder. */
function guardPlaces(entries: ReadonlyMap<string, unknown>, changes: readonly FileChange[]): void {
  const deleted = new Set(changes.flatMap((change) => (change.kind === 'delete' ? [change.path] : [])))
  const remaining = [...entries.keys()].filter((path) => !deleted.has(path))
  const written = changes.flatMap((change) => (change.kind === 'write' ? [change.path] : []))
  const files = new Set([...remaining, ...written])
  const folders = new Set([...files].flatMap(foldersOf))
  for (const path of written) {
    if (folders.has(path)) throw repositoryErrors.PATH_REFUSED({ detail: `${path} is a folder` })
    if (foldersOf(path).some((folder) => files.has(folder))) {
      throw repositoryErrors.PATH_REFUSED({ detail: `${path} lies below something that is not a folder` })
    }
  }
}

/** `a/b/c` → `a`, `a/b`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

async function withIndex(
  context: RepositoryContext,
  tree: string,
  work: (indexFile: string) => Promise<void>,
): Promise<string> {
  const scratch = await mkdtemp(join(context.root, 'scratch', 'index-'))
  try {
    const indexFile = join(scratch, 'index')
    const shared = { gitDirectory: context.gitDirectory, indexFile }
    await context.git.run({ ...shared, args: ['read-tree', tree] })
    await work(indexFile)
    return await context.git.text({ ...shared, args: ['write-tree'] })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Holds the policy against every path in which two trees differ. */
async function guardResult(
  context: RepositoryContext,
  before: string,
  after: string,
  policy: ChangePolicy,
): Promise<void> {
  const { stdout } = await context.git.run({
    args: ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', before, after],
    gitDirectory: context.gitDirectory,
  })
  const fields = stdout.toString('utf8').split('\0')
  if (fields.length > context.limits.changedFiles * 2 + 1) {
    throw repositoryErrors.TOO_LARGE({
      detail: `the change touches more than ${context.limits.changedFiles} files`,
    })
  }
  const written: { readonly path: string; readonly objectId: string }[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [oldMode = '', newMode = '', , objectId = ''] = (fields[i] ?? '').slice(1).split(' ')
    const path = fields[i + 1] ?? ''
    guardPath(path, policy)
    for (const mode of [oldMode, newMode]) {
      if (mode === '160000') throw repositoryErrors.PATH_REFUSED({ detail: `${path} is a submodule` })
      if (mode === '120000' && policy.symbolicLinks !== 'allowed') {
        throw repositoryErrors.PATH_REFUSED({ detail: `${path} is a symbolic link` })
      }
    }
    if (newMode.startsWith('100')) written.push({ path, objectId })
  }
  await guardContents(context, written, policy)
}

async function guardContents(
  context: RepositoryContext,
  written: readonly { readonly path: string; readonly objectId: string }[],
  policy: ChangePolicy,
): Promise<void> {
  const sizes = await objectSizes(
    context,
    written.map(({ objectId }) => objectId),
  )
  for (const [index, { path, objectId }] of written.entries()) {
    if ((sizes[index] ?? 0) > context.limits.fileBytes) throw repositoryErrors.TOO_LARGE({ detail: path })
    if (policy.binaryFiles === 'allowed') continue
    if (decodeText(await context.objects.read(objectId)) === undefined) {
      throw repositoryErrors.BINARY_REFUSED({ detail: path })
    }
  }
}
