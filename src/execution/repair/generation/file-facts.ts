import { ancestorsOf, functionOf, isFunctionNode, isPure, isSite, isValue } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { commentedCode } from './commented-code.ts'
import type { CommentedCode } from './commented-code.ts'
import { shapeOf, shapesByUse } from './shapes.ts'
import type { Shape } from './shapes.ts'

/** A call of a named function somewhere in a file. */
interface CallFact {
  /** Text of the callee, such as `utils.merge`. */
  readonly callee: string
  readonly arguments: readonly string[]
  readonly site: Site
}

/** What a file says about itself: idioms to borrow and names to fill holes with. */
export interface FileFacts {
  readonly shapes: ReadonlyMap<string, Shape>
  /** Property names with how often they are used. */
  readonly properties: ReadonlyMap<string, number>
  /** Properties seen on an expression, by its text. */
  readonly propertiesOf: ReadonlyMap<string, ReadonlySet<string>>
  readonly calls: readonly CallFact[]
  /** Texts of expressions returned, per function. */
  readonly returns: ReadonlyMap<Site | null, readonly string[]>
  /** Pure boolean expressions, for borrowing. */
  readonly conditions: readonly Site[]
  /** Short statements without declarations or jumps, for borrowing. */
  readonly simpleStatements: readonly Site[]
  /** Values assigned to a property, by its name. */
  readonly assigned: ReadonlyMap<string, ReadonlySet<string>>
  readonly strings: ReadonlyMap<string, number>
  /** Constructions without arguments of what the file does not declare, such as `new Date()`. */
  readonly constructions: ReadonlySet<string>
  readonly commented: readonly CommentedCode[]
}

const longestBorrowed = 120

/** Reads the facts off a tree in one pass. */
export function readFacts(tree: SourceTree): FileFacts {
  const properties = new Map<string, number>()
  const propertiesOf = new Map<string, Set<string>>()
  const calls: CallFact[] = []
  const returns = new Map<Site | null, string[]>()
  const conditions: Site[] = []
  const simpleStatements: Site[] = []
  const assigned = new Map<string, Set<string>>()
  const strings = new Map<string, number>()
  const constructions = new Set<string>()
  for (const site of tree.sites) {
    const { node } = site
    if (isSite(site, 'MemberExpression', 'OptionalMemberExpression')) {
      const { property, computed } = site.node
      if (!computed && property.type === 'Identifier') {
        properties.set(property.name, (properties.get(property.name) ?? 0) + 1)
        const object = site.children[0]
        if (object !== undefined) add(propertiesOf, tree.textOf(object), property.name)
      }
    } else if (isSite(site, 'CallExpression')) {
      const [callee, ...args] = site.children
      if (callee !== undefined && callee.end - callee.start < 60) {
        const texts = args
          .filter((argument) => argument.key === 'arguments')
          .map((argument) => tree.textOf(argument))
        calls.push({ callee: tree.textOf(callee), arguments: texts, site })
      }
    } else if (isSite(site, 'NewExpression')) {
      const { callee, arguments: args } = site.node
      if (args.length === 0 && callee.type === 'Identifier' && site.scope.lookup(callee.name) === undefined) {
        constructions.add(`new ${callee.name}()`)
      }
    } else if (isSite(site, 'ReturnStatement')) {
      const value = site.children[0]
      if (value !== undefined && value.end - value.start < 60) {
        push(returns, functionOf(site), tree.textOf(value))
      }
    } else if (isSite(site, 'StringLiteral') && isValue(site)) {
      strings.set(site.node.value, (strings.get(site.node.value) ?? 0) + 1)
    } else if (isSite(site, 'AssignmentExpression')) {
      const [left, right] = site.children
      const property = left === undefined ? null : propertyName(left)
      if (property !== null && right !== undefined && right.end - right.start < 60) {
        add(assigned, property, tree.textOf(right))
      }
    }
    const short = site.end - site.start <= longestBorrowed
    if (
      short &&
      isValue(site) &&
      shapeOf(node) === 'boolean' &&
      node.type !== 'BooleanLiteral' &&
      isBorrowable(site)
    ) {
      conditions.push(site)
    }
    if (short && isSite(site, 'ExpressionStatement')) simpleStatements.push(site)
  }
  return {
    shapes: shapesByUse(tree),
    properties,
    propertiesOf,
    calls,
    returns,
    conditions,
    simpleStatements,
    assigned,
    strings,
    constructions,
    commented: commentedCode(tree),
  }
}

/** Name of a member's property, if it is not computed. */
export function propertyName(site: Site): string | null {
  if (!isSite(site, 'MemberExpression', 'OptionalMemberExpression') || site.node.computed) return null
  return site.node.property.type === 'Identifier' ? site.node.property.name : null
}

function isBorrowable(site: Site): boolean {
  if (isPure(site.node)) return true
  // Calls such as `Array.isArray(x)` and `re.test(x)` may be borrowed; functions and assignments may not.
  for (const child of site.children) {
    if (isFunctionNode(child.node) || /^(?:Assignment|Update|Await|Yield|New)/.test(child.node.type))
      return false
    if (!isBorrowable(child)) return false
  }
  return [...ancestorsOf(site)].length < 60
}

function add<K>(map: Map<K, Set<string>>, key: K, value: string): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, new Set([value]))
  else values.add(value)
}

function push<K>(map: Map<K, string[]>, key: K, value: string): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else if (!values.includes(value)) values.push(value)
}
