import { posix } from 'node:path'

import type { Outline, Unit } from '../localisation/index.ts'
import type { SourceFile } from '../model.ts'
import { fieldOf, functionOf, isCompound, isStatement } from './syntax/index.ts'
import type { PythonNode, PythonTree } from './syntax/index.ts'

interface PythonUnit extends Unit {
  readonly node: PythonNode
}

export interface PythonOutline extends Outline<PythonUnit> {
  readonly tree: PythonTree
}

/** A unit of Python: a statement, or an `elif` with its condition. */
function isUnit(node: PythonNode): boolean {
  return isStatement(node) || node.type === 'elif_clause'
}

/** The unit that a node belongs to. */
export function unitOf(node: PythonNode): PythonNode {
  let at = node
  while (!isUnit(at) && at.parent !== null) at = at.parent
  return at
}

export function outlineOf(tree: PythonTree): PythonOutline {
  const { path, text } = tree
  const units = tree.nodes.filter(isUnit).map((node): PythonUnit => {
    const around = functionOf(node)
    const name = around === null ? null : fieldOf(around, 'name')
    return {
      node,
      start: node.start,
      ownEnd: ownEndOf(node),
      atLoad: around === null,
      functionName: name === null ? null : tree.textOf(name),
    }
  })
  return { path, text, tree, units, lineOf: (offset) => tree.lineOf(offset) }
}

function ownEndOf(node: PythonNode): number {
  if (!isCompound(node) && node.type !== 'elif_clause') return node.end
  return (fieldOf(node, 'consequence') ?? fieldOf(node, 'body'))?.start ?? node.end
}

/** Distances over `import a.b` and `from a import b`, with packages found by the ends of paths. */
export function importDistances(
  tests: readonly SourceFile[],
  sources: readonly SourceFile[],
): ReadonlyMap<string, number> {
  const distances = new Map<string, number>()
  let frontier: readonly SourceFile[] = tests
  for (let distance = 1; frontier.length > 0; distance += 1) {
    const next: SourceFile[] = []
    for (const file of frontier) {
      for (const source of importedBy(file, sources)) {
        if (distances.has(source.path)) continue
        distances.set(source.path, distance)
        next.push(source)
      }
    }
    frontier = next
  }
  return distances
}

function importedBy({ path, text }: SourceFile, sources: readonly SourceFile[]): readonly SourceFile[] {
  const wanted: string[] = []
  for (const [, dots = '', module = '', names = ''] of text.matchAll(
    /^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([^)#\n]*)/gm,
  )) {
    const base = posix.join(folderOf(path, dots.length), module.replaceAll('.', '/'))
    const stem = dots === '' ? module.replaceAll('.', '/') : base
    wanted.push(stem, ...names.split(',').map((name) => posix.join(stem, name.trim().split(' ', 1)[0] ?? '')))
  }
  for (const [, names = ''] of text.matchAll(/^[ \t]*import[ \t]+([\w., \t]+)/gm))
    wanted.push(...names.split(',').map((name) => (name.trim().split(' ', 1)[0] ?? '').replaceAll('.', '/')))
  const endings = wanted
    .filter((stem) => stem !== '')
    .flatMap((stem) => [`${stem}.py`, `${stem}/__init__.py`])
  return sources.filter((source) =>
    endings.some((end) => source.path === end || source.path.endsWith(`/${end}`)),
  )
}

function folderOf(path: string, dots: number): string {
  let folder = posix.dirname(path)
  for (let level = 1; level < dots; level += 1) folder = posix.dirname(folder)
  return folder
}
