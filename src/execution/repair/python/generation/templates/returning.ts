import { ancestorsOf, fieldOf, functionOf, namedChildren } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { insertAfter, replaceExpression, replaceNode } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** The wrong thing is given back, or nothing. */
export const template: Template = {
  name: 'returning',
  fault: 'A function gives back the wrong thing.',
  *propose(node, context) {
    if (node.type === 'return_statement') yield* otherResult(node, context)
    else if (node.type === 'yield') yield* otherYield(node, context)
    else if (node.type === 'expression_statement') yield* returned(node, context)
    else if (node.type === 'function_definition') yield* atTheEnd(node, context)
  },
}

function* otherResult(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const [value] = namedChildren(node)
  if (value === undefined) return
  const own = context.tree.textOf(value)
  const isConstant = /^(?:true|false)$/.test(value.type)
  if (isConstant || value.type === 'none') {
    for (const { text, precedence, weight } of context.conditionsAt(node).slice(0, 40)) {
      yield replaceExpression(value, text, precedence, {
        variant: 'condition',
        weight: weight * (isConstant ? 0.3 : 0.06),
        description: `return ${text} instead of ${own}`,
      })
    }
  }
  for (const text of context.facts.returns.get(functionOf(node)) ?? []) {
    if (text === own) continue
    yield replaceNode(value, text, {
      variant: 'other',
      weight: 0.06,
      description: `return ${text} as elsewhere`,
    })
  }
  const isGenerator = context.tree.textOf(functionOf(node) ?? node).includes('yield')
  yield replaceNode(node, `yield ${own}`, {
    variant: 'yield',
    weight: isGenerator ? 0.25 : 0.02,
    description: `yield ${own} instead of returning it`,
  })
}

function* otherYield(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [value] = namedChildren(node)
  if (value === undefined) return
  const own = tree.textOf(value)
  if (node.children.some(({ type }) => type === 'from')) {
    yield replaceNode(node, `yield ${own}`, {
      variant: 'yield',
      weight: 0.2,
      description: `yield ${own} as a whole`,
    })
    return
  }
  const callee = value.type === 'call' ? fieldOf(value, 'function') : null
  const isRecursive =
    callee !== null && [...ancestorsOf(node)].some((around) => isNamed(around, tree.textOf(callee), tree))
  yield replaceNode(node, `yield from ${own}`, {
    variant: 'yield-from',
    weight: isRecursive ? 0.5 : value.type === 'call' ? 0.15 : 0.08,
    description: `yield each of ${own}`,
  })
  const inner = value.type === 'call' ? fieldOf(value, 'arguments') : null
  for (const argument of inner === null ? [] : namedChildren(inner)) {
    yield replaceNode(value, tree.textOf(argument), {
      variant: 'unwrap',
      weight: 0.1,
      description: `yield ${tree.textOf(argument)} itself`,
    })
  }
}

/** `f(x)` becomes `return f(x)`, or `yield from f(x)` in a generator. */
function* returned(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const [value] = namedChildren(node)
  const around = functionOf(node)
  if (around === null || value?.type !== 'call') return
  const callee = fieldOf(value, 'function')
  const isRecursive = callee !== null && isNamed(around, tree.textOf(callee), tree)
  const own = tree.textOf(value)
  const isGenerator = tree.textOf(around).includes('yield')
  const label = { variant: 'missing-return', weight: isRecursive ? 0.35 : 0.08 }
  yield replaceNode(node, `return ${own}`, { ...label, description: `return what ${own} gives` })
  if (isGenerator)
    yield replaceNode(node, `yield from ${own}`, { ...label, description: `yield what ${own} gives` })
}

/** A function that ends without giving anything back. */
function* atTheEnd(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const body = fieldOf(node, 'body')
  const last = body === null ? undefined : namedChildren(body).at(-1)
  if (last === undefined || last.type === 'return_statement' || last.type === 'raise_statement') return
  const locals = [...context.scopes.bindingsOf(node).values()].filter(({ kind }) => kind === 'local')
  const names = [...locals.map(({ name }) => name), 'None', 'True', 'False']
  for (const [rank, name] of names.slice(0, 10).entries()) {
    const label = {
      variant: 'at-the-end',
      weight: 0.12 / (1 + rank * 0.2),
      description: `return ${name} at the end`,
    }
    const proposal = insertAfter(last, `return ${name}`, context.tree, label)
    if (proposal !== null) yield proposal
  }
}

function isNamed(node: PythonNode, name: string, tree: FileContext['tree']): boolean {
  const own = node.type === 'function_definition' ? fieldOf(node, 'name') : null
  return own !== null && tree.textOf(own) === name.split('.').at(-1)
}
