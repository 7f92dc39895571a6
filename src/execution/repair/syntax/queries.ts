import { isExpression, isStatement } from '@babel/types'
import type { Node } from '@babel/types'

import type { Site, SourceTree } from './source-tree.ts'

/** Whether the node at a site is of one of the given types; narrows the node's type. */
export function isSite<T extends Node['type']>(
  site: Site | null | undefined,
  ...types: readonly T[]
): site is Site<Extract<Node, { type: T }>> {
  return site !== null && site !== undefined && types.some((type) => site.node.type === type)
}

/** The child in a field, or the one at a position of a field that is a list. */
export function childAt(site: Site, key: string, index = -1): Site | undefined {
  return site.children.find((child) => child.key === key && (index < 0 || child.index === index))
}

/** Children in a field that is a list, in order. */
export function childrenAt(site: Site, key: string): readonly Site[] {
  return site.children.filter((child) => child.key === key)
}

export function* ancestorsOf(site: Site): Iterable<Site> {
  for (let at = site.parent; at !== null; at = at.parent) yield at
}

/** The site and all below it, in the order of the text. */
export function* descendantsOf(site: Site): Iterable<Site> {
  yield site
  for (const child of site.children) yield* descendantsOf(child)
}

/** Nearest statement around a site, itself included; blocks do not count. */
export function statementOf(site: Site): Site | null {
  for (let at: Site | null = site; at !== null; at = at.parent) {
    if (isStatement(at.node) && at.node.type !== 'BlockStatement') return at
  }
  return null
}

/** Nearest function around a site, itself excluded. */
export function functionOf(site: Site): Site | null {
  for (const at of ancestorsOf(site)) if (isFunctionNode(at.node)) return at
  return null
}

export function isFunctionNode(node: Node): boolean {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassPrivateMethod':
      return true
    default:
      return false
  }
}

/** Nearest loop of the same function around a site. */
export function loopOf(site: Site): Site | null {
  for (const at of ancestorsOf(site)) {
    if (isFunctionNode(at.node)) return null
    if (isLoop(at.node)) return at
  }
  return null
}

function isLoop(node: Node): boolean {
  return /^(?:For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type)
}

/** Whether a statement stands in a list of statements, so that another can be put before or after it. */
export function isListed(site: Site): boolean {
  return (
    site.index >= 0 &&
    (site.key === 'body' || site.key === 'consequent') &&
    isSite(site.parent, 'BlockStatement', 'Program', 'SwitchCase', 'StaticBlock')
  )
}

/** The statements before and after one in the same list. */
export function neighboursOf(site: Site): {
  readonly before: Site | undefined
  readonly after: Site | undefined
} {
  if (!isListed(site) || site.parent === null) return { before: undefined, after: undefined }
  const list = childrenAt(site.parent, site.key)
  return { before: list[site.index - 1], after: list[site.index + 1] }
}

/**
 * Whether the site is an expression whose value is read: not a name being declared or assigned, not the key of a
 * property, not part of a type.
 */
export function isValue(site: Site): boolean {
  const { node, parent, key } = site
  if (parent === null || !isExpression(node)) return false
  const around = parent.node
  switch (around.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return key === 'object' || around.computed
    case 'ObjectProperty':
      return key === 'value' ? !isSite(parent.parent, 'ObjectPattern') : around.computed
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassProperty':
    case 'ClassPrivateMethod':
      return key === 'value'
    case 'VariableDeclarator':
      return key === 'init'
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return key === 'right'
    case 'ForInStatement':
    case 'ForOfStatement':
      return key !== 'left'
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'RestElement':
    case 'CatchClause':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'Directive':
      return false
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return key === 'body'
    case 'ClassDeclaration':
    case 'ClassExpression':
      return key === 'superClass'
    case 'TaggedTemplateExpression':
      return key === 'tag'
    case 'UnaryExpression':
      return around.operator !== 'delete'
    default:
      return !/^(?:TS(?!As|NonNull|Satisfies)|Import|Export(?!Default)|JSX(?!Expression))/.test(around.type)
  }
}

/** Whether an expression decides a branch: the test of a statement, or an operand of `&&`, `||`, `!` in one. */
export function isCondition(site: Site): boolean {
  const { parent, key } = site
  if (parent === null) return false
  switch (parent.node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ForStatement':
    case 'ConditionalExpression':
      return key === 'test'
    case 'LogicalExpression':
      return parent.node.operator !== '??' && (key === 'left' || isCondition(parent))
    case 'UnaryExpression':
      return parent.node.operator === '!'
    default:
      return false
  }
}

/** Whether reading the expression twice has no effect: names, members, literals and operators over them. */
export function isPure(node: Node): boolean {
  switch (node.type) {
    case 'Identifier':
    case 'ThisExpression':
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
    case 'NullLiteral':
      return true
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return isPure(node.object) && (!node.computed || isPure(node.property))
    case 'UnaryExpression':
      return node.operator !== 'delete' && isPure(node.argument)
    case 'BinaryExpression':
    case 'LogicalExpression':
      return isPure(node.left) && isPure(node.right)
    default:
      return false
  }
}

/** Name of a function, method or class for people, as far as its surroundings tell. */
export function nameOf(site: Site, tree: SourceTree): string | null {
  const { node, parent } = site
  if (isSite(site, 'FunctionDeclaration', 'FunctionExpression', 'ClassDeclaration') && site.node.id) {
    return site.node.id.name
  }
  if ('key' in node && !Array.isArray(node.key)) {
    const key = childAt(site, 'key')
    return key === undefined ? null : tree.textOf(key)
  }
  if (isSite(parent, 'VariableDeclarator', 'AssignmentExpression', 'ObjectProperty', 'ClassProperty')) {
    const target = parent.children[0]
    if (target !== undefined && target !== site) return tree.textOf(target)
  }
  return null
}

/** Words of an identifier: `parseQueryValues` and `PARSE_QUERY` give `parse`, `query`, … in lower case. */
export function wordsOf(identifier: string): readonly string[] {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1)
    .map((word) => word.toLowerCase())
}
