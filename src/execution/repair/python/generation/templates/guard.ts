import {
  asOperand,
  descendantsOf,
  fieldOf,
  functionOf,
  isCompound,
  isCondition,
  isInLoop,
  isPure,
  isStatement,
  isValue,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { insertBefore, replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** Something is used that may not be there. */
export const template: Template = {
  name: 'guard',
  fault: 'A value is used that may be missing.',
  *propose(node, context) {
    if (isCondition(node)) yield* lookedAtFirst(node, context)
    if (isStatement(node) && !isDefinition(node)) yield* exits(node, context)
    if (node.type === 'subscript' && isValue(node)) yield* defaulted(node, context)
    if (/^(?:attribute|call|subscript)$/.test(node.type) && isValue(node)) yield* conditional(node, context)
  },
}

function crashed({ vocabulary }: FileContext): boolean {
  return vocabulary.crashes.size > 0
}

/** `x.y is None` becomes `x is None or x.y is None`. */
function* lookedAtFirst(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const own = tree.textOf(node)
  const likely = crashed(context) ? 0.45 : 0.15
  for (const object of objectsIn(node, context)) {
    for (const [text, word, weight] of [
      [`${object} is None`, 'or', likely],
      [`${object} is not None`, 'and', likely],
      [`not ${object}`, 'or', likely * 0.7],
      [object, 'and', likely * 0.7],
    ] as const) {
      if (own.includes(text)) continue
      const outer = precedence[word]
      yield replaceExpression(
        node,
        `${text} ${word} ${asOperand(own, precedenceOf(node), outer + 1)}`,
        outer,
        {
          variant: 'first',
          weight,
          description: `ask for ${text} first (${word})`,
        },
      )
    }
  }
}

/** Simple expressions of which an attribute or element is read. */
function objectsIn(node: PythonNode, { tree }: FileContext): ReadonlySet<string> {
  const objects = new Set<string>()
  for (const part of descendantsOf(node)) {
    if (part.type !== 'attribute' && part.type !== 'subscript') continue
    const object = fieldOf(part, part.type === 'attribute' ? 'object' : 'value')
    if (object !== null && /^(?:identifier|attribute)$/.test(object.type)) objects.add(tree.textOf(object))
  }
  objects.delete('self')
  return objects
}

/** `if x is None: return …` in front of a statement that uses `x`. */
function* exits(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const around = functionOf(node)
  if (around === null) return
  const own = tree.text.slice(node.start, isCompound(node) ? Math.min(node.end, node.start + 80) : node.end)
  const known = context.facts.returns.get(around) ?? []
  // Where others give back something, nothing is seldom wanted.
  const results = new Set(known.length === 0 ? ['', 'None'] : [...known.slice(0, 5), 'None'])
  const bodies = [...results].map((result) => `return ${result}`.trim())
  if (isInLoop(node)) bodies.push('continue', 'break')
  const isFirst = node.parent?.parent === around && node.parent.children[0] === node
  for (const { text, weight } of context.conditionsAt(node).slice(0, 16)) {
    const subject = /[A-Za-z_][\w.]*/.exec(text.replace(/^not /, ''))?.[0] ?? ''
    const used = own.includes(subject) ? 1 : 0.4
    for (const [rank, body] of bodies.entries()) {
      const label = {
        variant: 'exit',
        weight: (weight * used * (isFirst ? 0.14 : 0.08) * (crashed(context) ? 1.5 : 1)) / (1 + rank * 0.2),
        description: `${body} if ${text}`,
      }
      if (label.weight < context.leastWeight) continue
      const proposal = insertBefore(node, `if ${text}:\n${tree.indent}${body}`, tree, label)
      if (proposal !== null) yield proposal
    }
  }
}

/** `d[k]` becomes `d.get(k)` or `d.get(k, 0)`. */
function* defaulted(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const value = fieldOf(node, 'value')
  const keys = node.children.filter(({ field }) => field === 'subscript')
  const [key] = keys
  if (value === null || key === undefined || key.type === 'slice' || key.type === 'integer') return
  const text = keys.length === 1 ? tree.textOf(key) : `(${keys.map((part) => tree.textOf(part)).join(', ')})`
  const likely = context.vocabulary.crashes.has('KeyError') ? 0.3 : 0.05
  for (const [rest, weight] of [
    ['', likely],
    [', 0', likely * 0.8],
    [', []', likely * 0.6],
    [", ''", likely * 0.4],
  ] as const) {
    yield replaceExpression(node, `${tree.textOf(value)}.get(${text}${rest})`, precedence.primary, {
      variant: 'default',
      weight,
      description: `look up ${text} with a default`,
    })
  }
}

/** `x.y` becomes `x.y if x else None`. */
function* conditional(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  if (!/^(?:assignment|return_statement|argument_list|keyword_argument)$/.test(node.parent?.type ?? ''))
    return
  if (!crashed(context) || !isPure(node)) return
  for (const object of objectsIn(node, context)) {
    for (const other of ['None', '0', '[]', "''", 'False']) {
      yield replaceExpression(
        node,
        `${tree.textOf(node)} if ${object} else ${other}`,
        precedence.conditional,
        {
          variant: 'conditional',
          weight: other === 'None' ? 0.12 : 0.06,
          description: `use ${other} where there is no ${object}`,
        },
      )
    }
  }
}

function isDefinition({ type }: PythonNode): boolean {
  return /^(?:function|class|decorated)_definition$|^import/.test(type)
}
