import { VISITOR_KEYS } from '@babel/types'
import type { Node } from '@babel/types'

import { parseText } from '../syntax/index.ts'

/** A syntax node with the little that instrumentation asks of its surroundings. */
export interface OutlineNode {
  readonly node: Node
  readonly start: number
  readonly end: number
  readonly depth: number
  readonly parent: OutlineNode | null
  /** Field of the parent that holds it. */
  readonly key: string
  /** Whether that field is a list. */
  readonly listed: boolean
  readonly children: readonly OutlineNode[]
}

/** A parsed file: its tree, and whether it uses `import` and `export` declarations. */
export interface Outline {
  readonly text: string
  readonly root: OutlineNode
  readonly isModule: boolean
  readonly nodes: readonly OutlineNode[]
}

/** Parses a file; null where it has a syntax error. Parents stand before their children in `nodes`. */
export function outlineOf(path: string, text: string): Outline | null {
  const parsed = parseText(path, text)
  if (parsed === null || parsed.errors > 0) return null
  const nodes: OutlineNode[] = []
  const { program } = parsed.file
  const root = addNode(nodes, program, null, 'program', false)
  return { text, root, nodes, isModule: program.sourceType === 'module' }
}

interface GrowingNode extends OutlineNode {
  readonly children: GrowingNode[]
}

function addNode(
  nodes: OutlineNode[],
  node: Node,
  parent: GrowingNode | null,
  key: string,
  listed: boolean,
): GrowingNode {
  const added: GrowingNode = {
    node,
    start: node.start ?? 0,
    end: node.end ?? 0,
    depth: parent === null ? 0 : parent.depth + 1,
    parent,
    key,
    listed,
    children: [],
  }
  nodes.push(added)
  for (const field of VISITOR_KEYS[node.type] ?? []) {
    const value: unknown = Reflect.get(node, field)
    if (Array.isArray(value)) {
      for (const item of value)
        if (isNode(item)) added.children.push(addNode(nodes, item, added, field, true))
    } else if (isNode(value)) {
      added.children.push(addNode(nodes, value, added, field, false))
    }
  }
  return added
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** Whether a node only speaks about types and leaves nothing at run time. */
export function isTypeOnly(node: Node): boolean {
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
    case 'TSExportAssignment':
    case 'TSParameterProperty':
      return false
    default:
      return node.type.startsWith('TS') || ('declare' in node && node.declare === true)
  }
}

/** Whether the node stands in a list of statements: a program, a block, a case. */
export function isListedStatement(at: OutlineNode): boolean {
  if (!at.listed || at.parent === null) return false
  switch (at.parent.node.type) {
    case 'Program':
    case 'BlockStatement':
    case 'StaticBlock':
      return at.key === 'body'
    case 'SwitchCase':
      return at.key === 'consequent'
    default:
      return false
  }
}

/** Whether the node is the sole statement of a branch or loop, without a block of its own. */
export function isBareBody(at: OutlineNode): boolean {
  if (at.listed || at.parent === null || at.node.type === 'BlockStatement') return false
  switch (at.parent.node.type) {
    case 'IfStatement':
      return at.key === 'consequent' || at.key === 'alternate'
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'WithStatement':
      return at.key === 'body'
    default:
      return false
  }
}

export function isFunction(node: Node): boolean {
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

export function isLoop(node: Node): boolean {
  switch (node.type) {
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return true
    default:
      return false
  }
}
