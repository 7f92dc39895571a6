import { namesAlike } from '../../../generation/index.ts'
import type { Proposal } from '../../../generation/index.ts'
import { fieldOf, functionOf, isPure, isValue, precedence, precedenceOf } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression, replaceNode } from '../edits.ts'
import { namesIn } from '../file-facts.ts'
import type { FileContext, Template } from '../template.ts'

/** Functions and methods that are taken for each other. */
const relatives: readonly (readonly string[])[] = [
  ['any', 'all'],
  ['min', 'max'],
  ['min', 'max', 'sum'],
  ['append', 'extend', 'insert', 'appendleft'],
  ['add', 'update', 'discard', 'remove'],
  ['pop', 'popleft', 'popitem'],
  ['strip', 'lstrip', 'rstrip'],
  ['find', 'rfind', 'index', 'rindex'],
  ['split', 'rsplit', 'splitlines', 'partition', 'rpartition'],
  ['startswith', 'endswith'],
  ['lower', 'upper', 'casefold', 'title', 'capitalize', 'swapcase'],
  ['keys', 'values', 'items'],
  ['isdigit', 'isalpha', 'isalnum', 'isnumeric', 'isdecimal'],
  ['ljust', 'rjust', 'center', 'zfill'],
  ['floor', 'ceil', 'trunc', 'round'],
  ['int', 'float', 'str', 'bool'],
  ['list', 'set', 'tuple', 'sorted', 'reversed'],
  ['union', 'intersection', 'difference', 'symmetric_difference'],
  ['issubset', 'issuperset', 'isdisjoint'],
  ['heappush', 'heappushpop', 'heapreplace'],
  ['nlargest', 'nsmallest'],
  ['bisect', 'bisect_left', 'bisect_right'],
  ['insort', 'insort_left', 'insort_right'],
  ['match', 'search', 'fullmatch', 'findall'],
  ['get', 'setdefault', 'pop'],
  ['deepcopy', 'copy'],
  ['encode', 'decode'],
  ['dumps', 'loads'],
  ['getattr', 'hasattr'],
  ['isinstance', 'issubclass'],
  ['sort', 'reverse'],
  ['days', 'seconds', 'total_seconds'],
  ['dirname', 'basename'],
  ['exists', 'isfile', 'isdir'],
  ['permutations', 'combinations', 'product'],
]

/** The wrong one: another variable, attribute, function or expression was meant. */
export const template: Template = {
  name: 'substitution',
  fault: 'The wrong variable, attribute or function is used.',
  *propose(node, context) {
    if (node.type === 'identifier' && isValue(node)) yield* otherName(node, context)
    if (node.type === 'attribute') yield* otherAttribute(node, context)
    if (isValue(node)) yield* otherExpression(node, context)
  },
}

function* otherName(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const name = context.tree.textOf(node)
  const called = node.field === 'function'
  if (called) yield* otherFunction(node, name)
  let rank = 0
  for (const ingredient of context.ingredientsAt(node)) {
    const { text, shape } = ingredient
    if (text === name || text.startsWith(`${name}.`) || text.startsWith(`${name}[`)) continue
    const callable =
      shape === 'function' || shape === 'class' || shape === 'module' || ingredient.binding === 'import'
    if (called !== callable) continue
    const alike = namesAlike(name, text)
    const own = ingredient.kind === 'member' ? 0.6 : 1
    const weight = (0.3 * own * (ingredient.relevance + alike * 0.8)) / (1 + rank * 0.12)
    rank += 1
    if (weight < context.leastWeight || rank > 24) continue
    yield replaceExpression(node, text, precedence.primary, {
      variant: 'name',
      weight,
      description: `use ${text} instead of ${name}`,
    })
  }
  if (called) return
  for (const attribute of context.facts.attributesOf.get(name) ?? []) {
    yield replaceExpression(node, `${name}.${attribute}`, precedence.primary, {
      variant: 'add-attribute',
      weight: 0.06,
      description: `use ${name}.${attribute} instead of ${name}`,
    })
  }
}

function* otherFunction(node: PythonNode, name: string): Iterable<Proposal> {
  for (const relative of relativesOf(name)) {
    yield replaceNode(node, relative, {
      variant: 'function',
      weight: 0.3,
      description: `call ${relative} instead of ${name}`,
    })
  }
}

function* otherAttribute(node: PythonNode, { tree, facts, vocabulary }: FileContext): Iterable<Proposal> {
  const [object, attribute] = [fieldOf(node, 'object'), fieldOf(node, 'attribute')]
  if (object === null || attribute === null) return
  const name = tree.textOf(attribute)
  for (const relative of relativesOf(name)) {
    yield replaceNode(attribute, relative, {
      variant: 'method',
      weight: 0.25,
      description: `use .${relative} instead of .${name}`,
    })
  }
  const known = facts.attributesOf.get(tree.textOf(object))
  for (const other of new Set([...facts.attributes.keys(), ...vocabulary.names.keys()])) {
    if (other === name) continue
    const alike = namesAlike(name, other)
    const seen = known?.has(other) === true ? 0.15 : 0
    const used = (facts.attributes.get(other) ?? 0) > 0 ? 0.1 : 0
    const spoken = (vocabulary.names.get(other) ?? 0) * 0.1
    const weight = alike * 0.3 + seen + used + spoken - 0.1
    if (weight < 0.02 || (used === 0 && alike < 0.5)) continue
    yield replaceNode(attribute, other, {
      variant: 'attribute',
      weight,
      description: `use .${other} instead of .${name}`,
    })
  }
  if (node.field === 'function' || node.parent?.field === 'left') return
  yield replaceExpression(node, tree.textOf(object), precedence.primary, {
    variant: 'drop-attribute',
    weight: 0.08,
    description: `use ${tree.textOf(object)} itself`,
  })
}

/** An expression that the same function has elsewhere, or a part of the one that is there. */
function* otherExpression(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree, facts } = context
  if (node.field === 'function') return
  const own = tree.textOf(node)
  const isName = node.type === 'identifier'
  if (/^(?:call|subscript|binary_operator|attribute)$/.test(node.type)) {
    for (const { text, shape, relevance, kind, binding } of context.ingredientsAt(node)) {
      if (text === own || shape === 'function' || shape === 'module' || binding === 'import') continue
      // What is computed may stand in a variable already.
      const weight = 0.16 * relevance * (kind === 'name' ? 1 : 0.7) * (node.type === 'call' ? 1 : 0.7)
      yield replaceExpression(node, text, precedence.primary, {
        variant: 'known',
        weight,
        description: `use ${text} instead of ${own}`,
      })
    }
  }
  const visible = new Set(context.ingredientsAt(node).map(({ text }) => text))
  const seen = new Set<string>([own])
  for (const other of facts.expressions.get(functionOf(node)) ?? []) {
    const text = tree.textOf(other)
    if (seen.has(text) || !isPure(other) || overlaps(node, other)) continue
    seen.add(text)
    if (![...namesIn(other, tree)].every((name) => visible.has(name) || !declares(context, name))) continue
    const sameKind = other.type === node.type ? 1 : isName ? 0.4 : 0.5
    const weight = (0.05 + 0.1 * similarity(own, text)) * sameKind
    yield replaceExpression(node, text, precedenceOf(other), {
      variant: 'borrow',
      weight,
      description: `use ${text} instead of ${own}`,
    })
  }
}

/** Whether a name is bound somewhere in the file: if it is not visible, it means something else here. */
function declares({ scopes, tree }: FileContext, name: string): boolean {
  return tree.nodes.some((node) => scopes.bindingsOf(node).has(name))
}

function overlaps(left: PythonNode, right: PythonNode): boolean {
  return left.start < right.end && right.start < left.end
}

/** Share of words that two expressions have in common. */
function similarity(left: string, right: string): number {
  const words = new Set(left.match(/\w+/g))
  const others = new Set(right.match(/\w+/g))
  const shared = [...words].filter((word) => others.has(word)).length
  return shared / Math.max(1, Math.max(words.size, others.size))
}

/** Names that are taken for this one. */
function relativesOf(name: string): ReadonlySet<string> {
  const found = new Set(relatives.filter((family) => family.includes(name)).flat())
  found.delete(name)
  return found
}
