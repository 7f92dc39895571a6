import {
  asOperand,
  childAt,
  functionOf,
  isCondition,
  isParenthesised,
  isSite,
  isValue,
  operatorPrecedence,
  precedence,
  precedenceOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import { optionGuards, presenceGuards } from '../guards.ts'
import type { Guard } from '../guards.ts'
import { soundsLikeOptions } from '../project-facts.ts'
import type { FileContext, Proposal, Template } from '../template.ts'
import { isReadableAt, mentions } from '../visibility.ts'

/** Conditions that hold too often, too seldom or the wrong way round. */
export const template: Template = {
  name: 'condition',
  about: 'Negates a condition, takes a part of it away, or joins it with another test.',
  fault: 'A condition holds in the wrong cases.',
  *propose(site, context) {
    if (!isValue(site) || !isCondition(site)) return
    yield* negated(site, context)
    yield* reduced(site, context)
    if (!isSite(site.parent, 'UnaryExpression')) yield* joined(site, context)
  },
}

function* negated(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const { node } = site
  if (node.type === 'UnaryExpression' && node.operator === '!') return
  if (node.type === 'BinaryExpression' && /^[=!]==?$/.test(node.operator)) return
  const text = isParenthesised(node)
    ? `(${tree.textOf(site)})`
    : asOperand(tree.textOf(site), node, precedence.unary)
  yield replaceExpression(site, `!${text}`, precedence.unary, {
    variant: 'negate',
    weight: isSite(site.parent, 'IfStatement', 'ConditionalExpression') ? 0.3 : 0.12,
    description: `negate ${text}`,
  })
}

/** `a && b` becomes `a` or `b`. */
function* reduced(site: Site, { tree }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'LogicalExpression')) return
  const variants = [
    ['left', 'right', 0.4],
    ['right', 'left', 0.35],
  ] as const
  for (const [kept, dropped, weight] of variants) {
    const keep = childAt(site, kept)
    const drop = childAt(site, dropped)
    if (keep === undefined || drop === undefined) continue
    const enclosed = isParenthesised(keep.node)
    const text = enclosed ? `(${tree.textOf(keep)})` : tree.textOf(keep)
    yield replaceExpression(site, text, enclosed ? precedence.primary : precedenceOf(keep.node), {
      variant: site.node.operator === '&&' ? 'drop-conjunct' : 'drop-disjunct',
      weight,
      description: `no longer ask for ${tree.textOf(drop)}`,
    })
  }
}

function* joined(site: Site, context: FileContext): Iterable<Proposal> {
  const text = context.tree.textOf(site)
  const inner = site.node
  const whole = !isSite(site.parent, 'LogicalExpression')
  const enclosed = isParenthesised(inner) ? `(${text})` : null
  for (const guard of guardsFor(site, context)) {
    if (guard.weight < context.leastWeight || guard.text === text) continue
    for (const [operator, share] of [
      ['&&', 1],
      ['||', 0.55],
    ] as const) {
      const strength = operatorPrecedence(operator)
      const added = guard.precedence < strength ? `(${guard.text})` : guard.text
      const existing = enclosed ?? asOperand(text, inner, strength)
      const label = {
        variant: operator === '&&' ? 'strengthen' : 'weaken',
        description: `${operator === '&&' ? 'also require' : 'also accept'} ${guard.text}`,
      }
      yield replaceExpression(site, `${added} ${operator} ${existing}`, strength, {
        ...label,
        weight: guard.weight * share,
      })
      if (whole || site.key === 'right') {
        const weight = guard.weight * share * 0.85
        yield replaceExpression(site, `${existing} ${operator} ${added}`, strength, { ...label, weight })
      }
    }
  }
}

/** Tests that could be joined at a place: over what it speaks of, over options, or borrowed from the function. */
function* guardsFor(site: Site, context: FileContext): Iterable<Guard> {
  const own = context.tree.textOf(site)
  const ingredients = context.ingredientsAt(site)
  for (const ingredient of ingredients.slice(0, 14)) {
    if (ingredient.shape === 'function' && ingredient.origin === 'module') continue
    const share = (mentions(own, ingredient.text) ? 1 : 0.35) * ingredient.relevance
    for (const guard of presenceGuards(ingredient, context)) {
      yield { ...guard, weight: guard.weight * share }
    }
  }
  const bags = ingredients.filter((ingredient) => soundsLikeOptions(ingredient.text)).slice(0, 2)
  for (const guard of optionGuards(bags, context)) yield { ...guard, weight: guard.weight * 0.6 }
  const around = functionOf(site)
  for (const condition of context.facts.conditions) {
    if (functionOf(condition) !== around || (condition.start >= site.start && condition.end <= site.end))
      continue
    const text = context.tree.textOf(condition)
    if (text.length > 60 || !isReadableAt(text, site, context, condition)) continue
    yield { text, precedence: precedenceOf(condition.node), weight: 0.05 }
  }
}
