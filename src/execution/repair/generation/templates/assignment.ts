import {
  childAt,
  functionOf,
  isListed,
  isSite,
  isValue,
  neighboursOf,
  precedence,
  statementOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { conditional, insertAfter, insertBefore, replaceExpression } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'
import { isReadableAt } from '../visibility.ts'

/** Properties that nobody sets, and values that overwrite what should stay. */
export const template: Template = {
  name: 'assignment',
  about: 'Sets a property or variable that is missing, or keeps what was there before.',
  fault: 'A value is not set, or overwritten, where it matters.',
  *propose(site, context) {
    if (statementOf(site) === site && isListed(site) && functionOf(site) !== null) {
      yield* propertySet(site, context)
      yield* propertyCopied(site, context)
      yield* variableSet(site, context)
    }
    if (isValue(site)) yield* overwritten(site, context)
  },
}

/** `object.property = value` for properties that the tests speak of or that are set elsewhere in the file. */
function* propertySet(site: Site, context: FileContext): Iterable<Proposal> {
  const { facts, vocabulary, style } = context
  if (isSite(site, 'FunctionDeclaration', 'ClassDeclaration')) return
  const wanted = [...vocabulary.names]
    .filter(([name, weight]) => weight >= 0.5 && (facts.assigned.has(name) || vocabulary.keys.includes(name)))
    .map(([name, weight]) => ({ name, weight }))
    .sort((left, right) => right.weight - left.weight)
    .slice(0, 8)
  const targets = context
    .ingredientsAt(site)
    .filter(
      (ingredient) =>
        ingredient.kind === 'name' && ingredient.origin !== 'module' && ingredient.shape !== 'function',
    )
    .slice(0, 5)
  const ends = isSite(site, 'ReturnStatement', 'ThrowStatement')
  for (const { name, weight: spoken } of wanted) {
    for (const target of targets) {
      const property = `${target.text}.${name}`
      const values = [
        ...[...(facts.assigned.get(name) ?? [])]
          .filter((value) => isReadableAt(value, site, context))
          .slice(0, 4),
        ...targets.filter((other) => other !== target).map((other) => other.text),
      ]
      for (const [rank, value] of [...new Set(values)].entries()) {
        const weight = (0.3 * spoken * target.relevance * (ends ? 1 : 0.5)) / (1 + rank * 0.3)
        if (weight < context.leastWeight) continue
        for (const code of [`${property} = ${value}`, `${property} = ${property} || ${value}`]) {
          const proposal = insertBefore(site, `${code}${style.semicolon}`, context, {
            variant: 'set-property',
            weight,
            description: `set ${property}`,
          })
          if (proposal !== null) yield proposal
        }
      }
    }
  }
}

/** After `this.a = other.a` also `this.b = other.b`, for the properties that the file reads off `this`. */
function* propertyCopied(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree, facts, style, vocabulary } = context
  if (!isSite(site, 'ExpressionStatement')) return
  const [assignment] = site.children
  if (!isSite(assignment, 'AssignmentExpression') || assignment.node.operator !== '=') return
  const [left, right] = assignment.children
  if (!isSite(left, 'MemberExpression') || right === undefined) return
  const target = childAt(left, 'object')
  const source = sourceOf(right)
  if (target === undefined || source === null) return
  const targetText = tree.textOf(target)
  const sourceText = tree.textOf(source)
  if (targetText === sourceText) return
  const block = site.parent === null ? '' : tree.textOf(site.parent)
  const readable = new Set([
    ...(facts.propertiesOf.get(targetText) ?? []),
    ...(facts.propertiesOf.get(sourceText) ?? []),
  ])
  for (const property of readable) {
    if (block.includes(`${targetText}.${property} =`)) continue
    const spoken = vocabulary.names.get(property) ?? 0
    const value = isSite(right, 'LogicalExpression') ? `${targetText}.${property} || ` : ''
    const proposal = insertAfter(
      site,
      `${targetText}.${property} = ${value}${sourceText}.${property}${style.semicolon}`,
      context,
      {
        variant: 'copy-property',
        weight: 0.12 + spoken * 0.15,
        description: `also take over ${property} from ${sourceText}`,
      },
    )
    if (proposal !== null) yield proposal
  }
}

/** The object from which the right side reads: `other` in `other.a`, `other.a()` and `this.a || other.a`. */
function sourceOf(site: Site): Site | null {
  if (isSite(site, 'MemberExpression')) return childAt(site, 'object') ?? null
  if (isSite(site, 'CallExpression')) {
    const callee = childAt(site, 'callee')
    return isSite(callee, 'MemberExpression') ? (childAt(callee, 'object') ?? null) : null
  }
  if (isSite(site, 'LogicalExpression')) return sourceOf(childAt(site, 'right') ?? site)
  return null
}

/** `x = y`, `x = fallback` under a condition: normalising a variable before it is used. */
function* variableSet(site: Site, context: FileContext): Iterable<Proposal> {
  const { style } = context
  if (isSite(site, 'FunctionDeclaration', 'ClassDeclaration', 'BreakStatement', 'ContinueStatement')) return
  const parameters = context
    .ingredientsAt(site)
    .filter(
      (ingredient) =>
        ingredient.kind === 'name' && (ingredient.origin === 'parameter' || ingredient.origin === 'local'),
    )
    .filter((ingredient) => isWritable(ingredient.text, site))
    .slice(0, 4)
  const first = neighboursOf(site).before === undefined
  for (const target of parameters) {
    const empty = style.quote.repeat(2)
    for (const [value, share] of [
      ['{}', 0.5],
      [empty, 0.3],
      ['[]', 0.3],
      [`String(${target.text})`, 0.2],
      ['null', 0.08],
      ['undefined', 0.08],
      ['false', 0.1],
      ['true', 0.08],
      ['0', 0.12],
    ] as const) {
      const weight = 0.25 * share * target.relevance * (first ? 1 : 0.3)
      if (weight < context.leastWeight) continue
      const always = value.startsWith('String(')
      const code = always
        ? `${target.text} = ${value}${style.semicolon}`
        : conditional(`!${target.text}`, `${target.text} = ${value}`, context)
      const proposal = insertBefore(site, code, context, {
        variant: 'normalise',
        weight,
        description: always ? `make ${target.text} a string` : `use ${value} where ${target.text} is missing`,
      })
      if (proposal !== null) yield proposal
    }
  }
}

function isWritable(name: string, site: Site): boolean {
  const kind = site.scope.lookup(name)?.kind
  return kind === 'parameter' || kind === 'variable'
}

/** `x = value` becomes `x = x || value`: what is there already must stay. */
function* overwritten(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const { parent } = site
  if (!isSite(parent, 'AssignmentExpression') || parent.node.operator !== '=') return
  const left = childAt(parent, 'left')
  if (left === undefined || !isSite(left, 'Identifier', 'MemberExpression') || left.end - left.start > 50)
    return
  const target = tree.textOf(left)
  const value = tree.textOf(site)
  if (value.includes('\n') || /=>|function/.test(value)) return
  yield replaceExpression(site, `${target} || (${value})`, precedence.or, {
    variant: 'keep',
    weight: 0.2,
    description: `keep ${target} where it is already set`,
  })
  yield replaceExpression(site, `${target} && (${value})`, precedence.and, {
    variant: 'keep-unset',
    weight: 0.08,
    description: `leave ${target} unset where it is not set`,
  })
  yield replaceExpression(site, `${target} ? (${value}) : ${target}`, precedence.conditional, {
    variant: 'keep-unset',
    weight: 0.04,
    description: `change ${target} only where it is set`,
  })
}
