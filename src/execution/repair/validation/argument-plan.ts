import type { Node } from '@babel/types'

import type { TextEdit } from '../model.ts'
import { around } from './insertion.ts'
import type { Insertion } from './insertion.ts'
import { startOfStatements } from './instrumentation.ts'
import { isFunction } from './outline.ts'
import type { Outline, OutlineNode } from './outline.ts'
import { probeName } from './probe-plan.ts'

/** Functions around an edit whose arguments are exchanged: the innermost ones. */
const mostAround = 2

/** Names of the functions around the edits, stable as long as nobody renames or reorders them. */
export function functionsAround(outline: Outline, edits: readonly TextEdit[]): ReadonlySet<string> {
  const names = functionNames(outline)
  const found = new Set<string>()
  for (const { start, end } of edits) {
    const inside = [...names].filter(([at]) => at.start <= start && end <= at.end)
    for (const [, name] of inside.slice(-mostAround)) found.add(name)
  }
  return found
}

/** Pieces that let the probe exchange what the named functions are called with. */
export function argumentInsertions(outline: Outline, wanted: ReadonlySet<string>): readonly Insertion[] {
  const insertions: Insertion[] = []
  for (const [at, name] of functionNames(outline)) {
    if (!wanted.has(name)) continue
    const body = at.children.find((child) => child.key === 'body')
    const parameters = at.children
      .filter((child) => child.key === 'params')
      .flatMap(({ node }) => boundNames(node))
    if (body === undefined || parameters.length === 0) continue
    const exchanges = parameters.map(
      (parameter) =>
        `${parameter}=${probeName}.argument(${JSON.stringify(`${name}(${parameter})`)},${parameter})`,
    )
    if (body.node.type === 'BlockStatement') {
      const text = `;${exchanges.join(';')};`
      insertions.push({ position: startOfStatements(body), text, kind: 'point', depth: -0.5 })
    } else {
      insertions.push(...around({ ...body, depth: body.depth - 0.4 }, `(${exchanges.join(',')},`, ')'))
    }
  }
  return insertions
}

/** All functions of a file, outer ones first, by the names on the way to them; equal ones are numbered. */
function functionNames(outline: Outline): ReadonlyMap<OutlineNode, string> {
  const names = new Map<OutlineNode, string>()
  const counts = new Map<string, number>()
  for (const at of outline.nodes) {
    if (!isFunction(at.node)) continue
    const path: string[] = []
    for (let up: OutlineNode | null = at; up !== null; up = up.parent)
      if (isFunction(up.node)) path.unshift(ownName(up))
    const name = path.join('/')
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    names.set(at, count === 1 ? name : `${name}#${count}`)
  }
  return names
}

function ownName({ node, parent }: OutlineNode): string {
  if ('id' in node && node.id?.type === 'Identifier') return node.id.name
  if ('key' in node) return nameOf(node.key)
  switch (parent?.node.type) {
    case 'VariableDeclarator':
      return nameOf(parent.node.id)
    case 'ObjectProperty':
      return nameOf(parent.node.key)
    case 'AssignmentExpression':
      return nameOf(parent.node.left)
    default:
      return ''
  }
}

function nameOf(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return node.name
    case 'MemberExpression':
      return nameOf(node.property)
    case 'StringLiteral':
      return node.value
    default:
      return ''
  }
}

function boundNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    case 'RestElement':
      return boundNames(pattern.argument)
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)))
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'ObjectProperty' ? property.value : property.argument),
      )
    default:
      return []
  }
}
