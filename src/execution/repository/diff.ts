import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePatch } from 'diff'
import type { Change, DiffSummary } from '../../contracts/index.ts'
import type { RepositoryContext } from './context.ts'
import { fileKind } from './file-kind.ts'
import { hostConfiguration } from './git-directory.ts'
import type { GitRequest } from './git-process.ts'
import { findSymbols, symbolsAt } from './symbols.ts'
import { decodeText } from './text.ts'
import { objectSizes } from './tree.ts'

/** One file of a difference between two trees. */
export interface FileDifference {
  readonly path: string
  /** Where it was before, when it was renamed. */
  readonly oldPath: string | undefined
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed'
  readonly added: number
  readonly deleted: number
  readonly oldId: string
  readonly newId: string
  readonly oldMode: string
  readonly newMode: string
}

const patchOptions = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--histogram',
  '--find-renames',
]

/**
 * The unified diff from one tree to another, complete: `applyPatch(a, diff(a, b))` is `b`. Files that are not UTF-8
 * are in git's binary form, because the patch is text.
 */
export async function diffTrees(context: RepositoryContext, before: string, after: string): Promise<string> {
  const patch = await readPatch(context, before, after, [], {})
  const text = decodeText(patch)
  if (text !== undefined) return text
  const differences = await listDifferences(context, before, after)
  const decodable = await Promise.all(differences.map((difference) => isDecodable(context, difference)))
  const pathsWhere = (wanted: boolean) =>
    differences.flatMap(({ path, oldPath = path }, index) =>
      decodable[index] === wanted ? [oldPath, path] : [],
    )
  const [texts, others] = [pathsWhere(true), pathsWhere(false)]
  const binary = await readBinaryPatch(context, before, after, others)
  const readable = texts.length === 0 ? '' : await readPatch(context, before, after, texts, {})
  return `${readable.toString()}${binary.toString()}`
}

async function readPatch(
  context: RepositoryContext,
  before: string,
  after: string,
  paths: readonly string[],
  place: Pick<GitRequest, 'gitDirectory' | 'environment'>,
): Promise<Buffer> {
  const options = ['-r', '-p', '--full-index', '--binary', ...patchOptions]
  const { stdout } = await context.git.run({
    gitDirectory: context.gitDirectory,
    ...place,
    args: ['--literal-pathspecs', 'diff-tree', ...options, before, after, '--', ...paths],
    maxOutputBytes: context.limits.patchBytes,
  })
  return stdout
}

/** Git is told what is binary by attributes only, and these belong to a git directory: here is one with the same objects. */
async function readBinaryPatch(
  context: RepositoryContext,
  before: string,
  after: string,
  paths: readonly string[],
): Promise<Buffer> {
  const view = await mkdtemp(join(context.root, 'scratch', 'diff-'))
  try {
    for (const folder of ['objects', 'refs', 'info']) await mkdir(join(view, folder))
    await writeFile(join(view, 'HEAD'), 'ref: refs/heads/main\n')
    await writeFile(join(view, 'config'), hostConfiguration(context.objectFormat))
    await writeFile(join(view, 'info', 'attributes'), '* -diff\n')
    return await readPatch(context, before, after, paths, {
      gitDirectory: view,
      environment: { GIT_OBJECT_DIRECTORY: join(context.gitDirectory, 'objects') },
    })
  } finally {
    await rm(view, { recursive: true, force: true })
  }
}

async function isDecodable(context: RepositoryContext, difference: FileDifference): Promise<boolean> {
  const { oldMode, oldId, newMode, newId } = difference
  const versions = [
    ...(oldMode.startsWith('100') ? [oldId] : []),
    ...(newMode.startsWith('100') ? [newId] : []),
  ]
  for (const id of versions) if ((await readVersion(context, id)) === undefined) return false
  return true
}

/** The files in which two trees differ, with counts of lines (0 for binary files). */
export async function listDifferences(
  context: RepositoryContext,
  before: string,
  after: string,
): Promise<readonly FileDifference[]> {
  const { stdout } = await context.git.run({
    args: ['diff-tree', '-r', '-z', '--raw', '--numstat', '--no-abbrev', ...patchOptions, before, after],
    gitDirectory: context.gitDirectory,
  })
  const fields = stdout.toString('utf8').split('\0')
  const files: Omit<FileDifference, 'added' | 'deleted'>[] = []
  const counts = new Map<string, { readonly added: number; readonly deleted: number }>()
  for (let i = 0; i < fields.length;) {
    const field = fields[i] ?? ''
    if (field.startsWith(':')) {
      const [oldMode = '', newMode = '', oldId = '', newId = '', status = ''] = field.slice(1).split(' ')
      const moved = status.startsWith('R')
      const first = fields[i + 1] ?? ''
      const path = moved ? (fields[i + 2] ?? '') : first
      files.push({
        path,
        oldPath: moved ? first : undefined,
        status: statusOf(status),
        oldMode,
        newMode,
        oldId,
        newId,
      })
      i += moved ? 3 : 2
    } else {
      const [added = '', deleted = '', path] = field.split('\t')
      // With a rename the path is empty and the two names follow as fields of their own.
      const named = path === '' ? fields[i + 2] : path
      if (named !== undefined) counts.set(named, { added: Number(added) || 0, deleted: Number(deleted) || 0 })
      i += path === '' ? 3 : 1
    }
  }
  return files.map((file) => ({ ...file, ...(counts.get(file.path) ?? { added: 0, deleted: 0 }) }))
}

function statusOf(letter: string): FileDifference['status'] {
  if (letter.startsWith('A')) return 'added'
  if (letter.startsWith('D')) return 'deleted'
  return letter.startsWith('R') ? 'renamed' : 'modified'
}

/** What a difference means: kinds of files, and the functions, methods and classes that it touches. */
export async function summariseDifference(
  context: RepositoryContext,
  before: string,
  after: string,
): Promise<DiffSummary> {
  const differences = await listDifferences(context, before, after)
  const files = await Promise.all(
    differences.map(async (difference) => ({
      path: difference.path,
      status: difference.status,
      added: difference.added,
      deleted: difference.deleted,
      kind: fileKind(difference.path),
      symbols: [...(await touchedSymbols(context, difference))],
    })),
  )
  return {
    files,
    added: files.reduce((sum, file) => sum + file.added, 0),
    deleted: files.reduce((sum, file) => sum + file.deleted, 0),
  }
}

/** A change as data: the patch, and its summary for people. */
export async function describeChange(
  context: RepositoryContext,
  base: { readonly commit: string; readonly tree: string },
  tree: string,
): Promise<Change> {
  const [patch, summary] = await Promise.all([
    diffTrees(context, base.tree, tree),
    summariseDifference(context, base.tree, tree),
  ])
  return { baseCommit: base.commit, baseTree: base.tree, tree, patch, summary }
}

async function touchedSymbols(
  context: RepositoryContext,
  difference: FileDifference,
): Promise<readonly string[]> {
  const [before, after] = await Promise.all([
    difference.oldMode.startsWith('100') ? readVersion(context, difference.oldId) : undefined,
    difference.newMode.startsWith('100') ? readVersion(context, difference.newId) : undefined,
  ])
  if (before === undefined && after === undefined) return []
  const oldPath = difference.oldPath ?? difference.path
  const lines = await touchedLines(context, difference, before, after)
  const old = before === undefined ? [] : symbolsAt(findSymbols(oldPath, before), lines.before)
  const current = after === undefined ? [] : symbolsAt(findSymbols(difference.path, after), lines.after)
  return [...new Set([...current, ...old])]
}

async function touchedLines(
  context: RepositoryContext,
  { oldId, newId }: FileDifference,
  before: string | undefined,
  after: string | undefined,
): Promise<{ readonly before: readonly number[]; readonly after: readonly number[] }> {
  if (before === undefined || after === undefined) return { before: allLines(before), after: allLines(after) }
  if (oldId === newId) return { before: [], after: [] }
  const patch = await context.git.text({
    args: ['diff', '--unified=0', ...patchOptions, oldId, newId],
    gitDirectory: context.gitDirectory,
    maxOutputBytes: context.limits.patchBytes,
  })
  const hunks = parsePatch(patch).flatMap((file) => file.hunks)
  return {
    before: hunks.flatMap((hunk) => range(hunk.oldStart, hunk.oldLines)),
    after: hunks.flatMap((hunk) => range(hunk.newStart, hunk.newLines)),
  }
}

/** More files than this are an import or a merge of much, and tell nothing about one fault. */
const mostFilesOfCommit = 200

/**
 * Numbers of the lines of a commit that it and so many commits before it added or changed, by file; none where there are
 * no more commits, or where they changed very much.
 */
export async function linesOfCommit(
  context: RepositoryContext,
  commit: string,
  before = 0,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const listed = await context.git.text({
    args: ['rev-list', '--first-parent', `--max-count=${before + 2}`, commit],
    gitDirectory: context.gitDirectory,
  })
  const ancestor = listed.trim().split('\n')[before + 1]
  if (ancestor === undefined) return {}
  const differences = await listDifferences(context, ancestor, commit)
  if (differences.length > mostFilesOfCommit) return {}
  const lines: Record<string, readonly number[]> = {}
  for (const difference of differences.filter(({ newMode }) => newMode.startsWith('100'))) {
    const { oldMode, oldId, newId, path } = difference
    const old = oldMode.startsWith('100') ? await readVersion(context, oldId) : undefined
    lines[path] = (await touchedLines(context, difference, old, await readVersion(context, newId))).after
  }
  return lines
}

function allLines(text: string | undefined): readonly number[] {
  return text === undefined ? [] : range(1, text.split('\n').length)
}

function range(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** The text of a blob, or undefined if it is binary or too large to look into. */
async function readVersion(context: RepositoryContext, id: string): Promise<string | undefined> {
  const [size = 0] = await objectSizes(context, [id])
  return size > context.limits.fileBytes ? undefined : decodeText(await context.objects.read(id))
}
