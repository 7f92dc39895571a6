import { childrenAt, isParenthesised, isSite, isValue } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceRange } from '../edits.ts'
import { namesAlike } from '../similarity.ts'
import { soundsLikeOptions } from '../project-facts.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Wrong argument lists: one is missing, too much, in the wrong place, or hides an option. */
export const template: Template = {
  name: 'argument',
  about: 'Adds, removes, swaps or overrides arguments of a call.',
  fault: 'A call passes the wrong arguments.',
  *propose(site, context) {
    if (!isSite(site, 'CallExpression', 'NewExpression', 'OptionalCallExpression')) return
    const args = childrenAt(site, 'arguments')
    yield* appended(site, args, context)
    yield* swapped(args, context)
    yield* removed(args, context)
    for (const argument of args) yield* overridden(argument, context)
  },
}

/** Name of the called function without what it is read from. */
function calleeName(site: Site): string {
  const callee = site.children[0]
  if (isSite(callee, 'Identifier')) return callee.node.name
  if (isSite(callee, 'MemberExpression', 'OptionalMemberExpression')) {
    const { property } = callee.node
    return property.type === 'Identifier' ? property.name : ''
  }
  return ''
}

function* appended(site: Site, args: readonly Site[], context: FileContext): Iterable<Proposal> {
  const at = insertionPoint(site, args, context)
  if (at < 0) return
  const name = calleeName(site)
  const parameters = context.project.parameters.get(name)
  const expected = parameters?.[args.length]
  const elsewhere = new Set(
    context.facts.calls
      .filter((call) => call.callee === context.tree.textOf(site.children[0] ?? site))
      .flatMap((call) => call.arguments[args.length] ?? []),
  )
  const given = new Set(args.map((argument) => context.tree.textOf(argument)))
  const separator = args.length === 0 ? '' : ', '
  let rank = 0
  for (const ingredient of context.ingredientsAt(site)) {
    if (given.has(ingredient.text)) continue
    if (ingredient.shape === 'function' && ingredient.origin === 'module') continue
    const fits = expected === undefined || expected === '' ? 0 : namesAlike(expected, ingredient.text)
    const known = parameters === undefined ? 0.12 : expected === undefined ? 0.03 : 0.25
    const seen = elsewhere.has(ingredient.text) ? 0.5 : 0
    const options = soundsLikeOptions(ingredient.text) ? 0.15 : 0
    const weight = ((known + fits * 0.5 + seen + options) * ingredient.relevance) / (1 + rank * 0.1)
    rank += 1
    if (rank > 20) break
    if (weight < context.leastWeight) continue
    yield replaceRange(at, at, `${separator}${ingredient.text}`, {
      variant: 'append',
      weight: Math.min(1, weight),
      description: `also pass ${ingredient.text}`,
    })
  }
  for (const value of [...elsewhere].slice(0, 6)) {
    if (/^(?:true|false|null|undefined|-?\d+|'[^']*'|"[^"]*"|\{[^{}]*\})$/.test(value)) {
      yield replaceRange(at, at, `${separator}${value}`, {
        variant: 'append',
        weight: 0.3,
        description: `also pass ${value}, as elsewhere`,
      })
    }
  }
  for (const [value, weight] of usualArguments(name, args.length, context)) {
    yield replaceRange(at, at, `${separator}${value}`, {
      variant: 'append',
      weight,
      description: `also pass ${value}`,
    })
  }
}

/** Arguments of the language's own functions that are often forgotten. */
function usualArguments(
  name: string,
  count: number,
  { style }: FileContext,
): readonly (readonly [string, number])[] {
  if (name === 'parseInt' && count === 1) return [['10', 0.5]]
  if (name === 'slice' && count === 0)
    return [
      ['0', 0.05],
      ['1', 0.2],
    ]
  if (name === 'slice' && count === 1) return [['-1', 0.15]]
  if (name === 'concat' && count === 0) return [['[]', 0.1]]
  if (name === 'reduce' && count === 1)
    return [
      ['0', 0.2],
      ['{}', 0.15],
      ['[]', 0.15],
      [style.quote.repeat(2), 0.1],
    ]
  if (name === 'split' && count === 1) return [['2', 0.08]]
  if (name === 'flat' && count === 0) return [['Infinity', 0.3]]
  if (name === 'filter' && count === 0) return [['Boolean', 0.3]]
  return []
}

function insertionPoint(site: Site, args: readonly Site[], { tree }: FileContext): number {
  const last = args.at(-1)
  if (last !== undefined) {
    if (last.node.type === 'SpreadElement') return -1
    return isParenthesised(last.node) ? tree.text.indexOf(')', last.end) + 1 : last.end
  }
  return tree.text.endsWith(')', site.end) ? site.end - 1 : -1
}

function* swapped(args: readonly Site[], { tree }: FileContext): Iterable<Proposal> {
  for (let index = 0; index + 1 < args.length && index < 4; index += 1) {
    const [left, right] = [args[index], args[index + 1]]
    if (left === undefined || right === undefined || left.node.type === 'SpreadElement') continue
    if (right.end - left.start > 120) continue
    const between = tree.text.slice(left.end, right.start)
    const [leftText, rightText] = [tree.textOf(left), tree.textOf(right)]
    if (leftText === rightText) continue
    yield replaceRange(left.start, right.end, `${rightText}${between}${leftText}`, {
      variant: 'swap',
      weight: 0.2,
      description: `swap the arguments ${leftText} and ${rightText}`,
    })
  }
}

function* removed(args: readonly Site[], { tree }: FileContext): Iterable<Proposal> {
  for (const [index, argument] of args.entries()) {
    const before = args[index - 1]
    const after = args[index + 1]
    const start = before === undefined ? argument.start : before.end
    const end = before === undefined && after !== undefined ? after.start : argument.end
    if (isParenthesised(argument.node) || (before !== undefined && isParenthesised(before.node))) continue
    yield replaceRange(start, end, '', {
      variant: 'remove',
      weight: index === args.length - 1 ? 0.12 : 0.04,
      description: `do not pass ${tree.textOf(argument).slice(0, 40)}`,
    })
  }
}

/** `options` becomes `{ ...options, strict: false }`: the callee must not see what the caller was asked for. */
function* overridden(argument: Site, context: FileContext): Iterable<Proposal> {
  const { tree, style, project, vocabulary } = context
  const text = tree.textOf(argument)
  if (
    !isValue(argument) ||
    !/^(?:Identifier|MemberExpression)$/.test(argument.node.type) ||
    !soundsLikeOptions(text)
  )
    return
  const names = [...new Set([...project.wantedOptions, ...project.optionNames])]
  for (const [rank, option] of names.slice(0, 60).entries()) {
    const spoken = Math.max(
      vocabulary.names.get(option) ?? 0,
      project.wantedOptions.includes(option) ? 0.8 : 0,
    )
    for (const [value, share] of [
      ['false', 1],
      ['true', 1],
    ] as const) {
      const weight = ((0.05 + spoken * 0.12) * share) / (1 + rank * 0.02)
      if (weight < context.leastWeight) continue
      const replacement = style.modern
        ? `{ ...${text}, ${option}: ${value} }`
        : `Object.assign({}, ${text}, { ${option}: ${value} })`
      yield replaceRange(argument.start, argument.end, replacement, {
        variant: 'override-option',
        weight,
        description: `pass ${text} with ${option} ${value}`,
      })
    }
  }
}
