import {
  asOperand,
  fieldOf,
  functionOf,
  isCondition,
  namedChildren,
  operatorOf,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

const mostConditions = 60

/** The wrong question is asked, or one too many or too few. */
export const template: Template = {
  name: 'condition',
  fault: 'A condition asks for the wrong thing.',
  *propose(node, context) {
    if (node.type === 'boolean_operator') yield* dropped(node, context)
    if (!isCondition(node)) return
    yield* negated(node, context)
    yield* extended(node, context)
    yield* replaced(node, context)
  },
}

function* negated(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const argument = node.type === 'not_operator' ? fieldOf(node, 'argument') : null
  if (argument !== null) {
    const label = { variant: 'affirm', weight: 0.25, description: `ask for ${tree.textOf(argument)}` }
    yield replaceExpression(node, tree.textOf(argument), precedenceOf(argument), label)
    return
  }
  if (node.type === 'comparison_operator' || node.type === 'true' || node.type === 'false') return
  const text = `not ${asOperand(tree.textOf(node), precedenceOf(node), precedence.not)}`
  yield replaceExpression(node, text, precedence.not, {
    variant: 'negate',
    weight: 0.2,
    description: `ask for the opposite: ${text}`,
  })
}

function* dropped(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  for (const [kept, lost] of [
    [fieldOf(node, 'left'), fieldOf(node, 'right')],
    [fieldOf(node, 'right'), fieldOf(node, 'left')],
  ]) {
    if (kept === null || lost === null || kept === undefined || lost === undefined) continue
    yield replaceExpression(node, tree.textOf(kept), precedenceOf(kept), {
      variant: 'drop-operand',
      weight: 0.15,
      description: `do not ask for ${tree.textOf(lost)}`,
    })
  }
}

/** One more question, after or before the others. */
function* extended(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  if (node.type === 'true' || node.type === 'false') return
  const own = tree.textOf(node)
  for (const { text, precedence: loose, weight } of context.conditionsAt(node).slice(0, mostConditions)) {
    if (own.includes(text)) continue
    for (const word of ['and', 'or'] as const) {
      const outer = precedence[word]
      const more = asOperand(text, loose, outer + 1)
      const old = asOperand(own, precedenceOf(node), outer)
      // What is compared already is seldom compared again, but what is used is often looked at first.
      const label = {
        variant: word === 'and' ? 'strengthen' : 'weaken',
        description: `ask for ${text} too (${word})`,
      }
      const likely = weight * 0.22 * (word === 'or' ? 0.8 : 1)
      yield replaceExpression(node, `${old} ${word} ${more}`, outer, { ...label, weight: likely })
      yield replaceExpression(
        node,
        `${more} ${word} ${asOperand(own, precedenceOf(node), outer + 1)}`,
        outer,
        {
          ...label,
          weight: likely * (operatorOf(node) === null ? 0.5 : 0.35),
        },
      )
    }
  }
}

function* replaced(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const constant = node.type === 'true' || node.type === 'false'
  const likely = constant ? (endsWithoutResult(node, context) ? 0.06 : 0.5) : 0.1
  for (const { text, precedence: loose, weight } of context.conditionsAt(node).slice(0, mostConditions)) {
    yield replaceExpression(node, text, loose, {
      variant: 'replace',
      weight: weight * likely,
      description: `ask for ${text} instead of ${context.tree.textOf(node)}`,
    })
  }
  // `if x.y` may have meant `if x`.
  for (const part of namedChildren(node)) {
    if (part.field !== 'object' && part.field !== 'value') continue
    yield replaceExpression(node, context.tree.textOf(part), precedenceOf(part), {
      variant: 'replace',
      weight: 0.06,
      description: `ask for ${context.tree.textOf(part)}`,
    })
  }
}

/** Whether a loop that would end is the last thing in a function that gives back something elsewhere. */
function endsWithoutResult(condition: PythonNode, { facts }: FileContext): boolean {
  const loop = condition.parent
  const body = loop?.parent ?? null
  const around = functionOf(condition)
  if (loop?.type !== 'while_statement' || body === null || body.parent !== around) return false
  return namedChildren(body).at(-1) === loop && (facts.returns.get(around)?.length ?? 0) > 0
}
