import {
  descendantsOf,
  fieldOf,
  functionOf,
  isCompound,
  isPure,
  isStatement,
  isValue,
} from '../syntax/index.ts'
import type { PythonNode, PythonTree } from '../syntax/index.ts'

/** What a file says about itself: idioms to borrow and names to fill holes with. */
export interface FileFacts {
  /** Attribute names that are read, with how often. */
  readonly attributes: ReadonlyMap<string, number>
  /** Attributes and methods seen on an expression, by its text. */
  readonly attributesOf: ReadonlyMap<string, ReadonlySet<string>>
  /** Short pure expressions of more than a name, by the function around them. */
  readonly expressions: ReadonlyMap<PythonNode | null, readonly PythonNode[]>
  /** Conditions and comparisons, for borrowing. */
  readonly conditions: readonly PythonNode[]
  /** Short statements without bodies and jumps, for borrowing. */
  readonly statements: readonly PythonNode[]
  /** Texts of expressions returned, by function. */
  readonly returns: ReadonlyMap<PythonNode | null, readonly string[]>
  /** Names of containers of which an element is assigned. */
  readonly stored: ReadonlySet<string>
  /** Suffixes such as `[1:]` with how often they are used. */
  readonly subscripts: ReadonlyMap<string, number>
}

const longestBorrowed = 90
const borrowable = new Set(['attribute', 'subscript', 'call', 'binary_operator', 'unary_operator'])

/** Reads the facts off a tree in one pass. */
export function readFacts(tree: PythonTree): FileFacts {
  const attributes = new Map<string, number>()
  const attributesOf = new Map<string, Set<string>>()
  const expressions = new Map<PythonNode | null, PythonNode[]>()
  const conditions: PythonNode[] = []
  const statements: PythonNode[] = []
  const returns = new Map<PythonNode | null, string[]>()
  const subscripts = new Map<string, number>()
  const stored = new Set<string>()
  for (const node of tree.nodes) {
    const short = node.end - node.start <= longestBorrowed
    if (node.type === 'attribute') {
      const [object, name] = [fieldOf(node, 'object'), fieldOf(node, 'attribute')]
      if (object !== null && name !== null) {
        count(attributes, tree.textOf(name))
        addTo(attributesOf, tree.textOf(object), tree.textOf(name))
      }
    }
    if (node.type === 'subscript') {
      const value = fieldOf(node, 'value')
      if (value !== null) count(subscripts, tree.text.slice(value.end, node.end))
      if (value !== null && node.field === 'left') stored.add(tree.textOf(value))
    }
    if (node.type === 'return_statement') {
      const value = node.children.find(({ named }) => named)
      if (value !== undefined && short) push(returns, functionOf(node), tree.textOf(value))
    }
    if (!short || tree.textOf(node).includes('\n')) continue
    if (borrowable.has(node.type) && isValue(node) && isPure(node)) push(expressions, functionOf(node), node)
    if (/^(?:comparison|boolean|not)_operator$/.test(node.type) && isPure(node)) conditions.push(node)
    if (isStatement(node) && node.type === 'expression_statement' && !isCompound(node) && !isText(node))
      statements.push(node)
  }
  return { attributes, attributesOf, expressions, conditions, statements, returns, stored, subscripts }
}

/** Names of variables in an expression, so that it is only borrowed where all are known. */
export function namesIn(node: PythonNode, tree: PythonTree): ReadonlySet<string> {
  const names = new Set<string>()
  for (const part of descendantsOf(node)) {
    if (part.type !== 'identifier') continue
    if (part.field === 'attribute' || (part.field === 'name' && part.parent?.type === 'keyword_argument'))
      continue
    names.add(tree.textOf(part))
  }
  return names
}

function isText(statement: PythonNode): boolean {
  return statement.children[0]?.type === 'string'
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1)
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, new Set([value]))
  else values.add(value)
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
