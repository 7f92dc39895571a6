import {
  childAt,
  functionOf,
  isFunctionNode,
  isListed,
  isSite,
  isValue,
  loopOf,
  precedence,
  statementOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { insertAfter, insertBefore, replaceExpression, replaceRange } from '../edits.ts'
import { shapeOf } from '../shapes.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Small words that were forgotten: `return`, `await`, `break`, `new`, and copies of what must not be changed. */
export const template: Template = {
  name: 'missing',
  about: 'Adds a missing return, await, break, new or copy.',
  fault: 'A small but decisive word is missing.',
  *propose(site, context) {
    yield* returned(site, context)
    yield* awaited(site, context)
    yield* broken(site, context)
    if (isValue(site)) yield* copied(site, context)
    if (isValue(site)) yield* unchanged(site, context)
  },
}

function* returned(site: Site, context: FileContext): Iterable<Proposal> {
  if (statementOf(site) !== site || !isListed(site) || functionOf(site) === null) return
  const { tree, style } = context
  if (
    isSite(site, 'ExpressionStatement') &&
    !isSite(site.children[0], 'AssignmentExpression', 'UpdateExpression')
  ) {
    yield replaceRange(site.start, site.start, 'return ', {
      variant: 'return-value',
      weight: 0.3,
      description: `return what ${tree.textOf(site).slice(0, 40)} gives`,
    })
  }
  if (/^(?:Return|Throw|Break|Continue|Function|Class)/.test(site.node.type)) return
  const last = site.parent?.children.at(-1) === site
  const body =
    isSite(site.parent, 'BlockStatement') &&
    site.parent.parent !== null &&
    isFunctionNode(site.parent.parent.node)
  const share = last ? (body ? 1 : 0.4) : 0.15
  const values = context.ingredientsAt(site).filter((ingredient) => ingredient.origin !== 'module')
  for (const [rank, ingredient] of values.slice(0, 10).entries()) {
    const weight = (0.4 * ingredient.relevance * share) / (1 + rank * 0.1)
    if (weight < context.leastWeight) continue
    const proposal = insertAfter(site, `return ${ingredient.text}${style.semicolon}`, context, {
      variant: 'return-name',
      weight,
      description: `return ${ingredient.text}`,
    })
    if (proposal !== null) yield proposal
  }
  const plain = insertAfter(site, `return${style.semicolon}`, context, {
    variant: 'return',
    weight: last ? 0.05 : 0.12,
    description: 'return here',
  })
  if (plain !== null) yield plain
}

function* awaited(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const around = functionOf(site)
  const isAsync = around !== null && 'async' in around.node && around.node.async
  if (isSite(site, 'AwaitExpression')) {
    yield replaceExpression(
      site,
      tree.text.slice(site.start + 'await'.length, site.end).trim(),
      precedence.unary,
      {
        variant: 'drop-await',
        weight: 0.06,
        description: 'do not wait',
      },
    )
  }
  if (!isAsync || !isSite(site, 'CallExpression', 'NewExpression') || !isValue(site)) return
  if (isSite(site.parent, 'AwaitExpression') || site.key === 'callee' || site.key === 'object') return
  yield replaceExpression(site, `await ${tree.textOf(site)}`, precedence.unary, {
    variant: 'await',
    weight: 0.25,
    description: `wait for ${tree.textOf(site).slice(0, 40)}`,
  })
}

function* broken(site: Site, context: FileContext): Iterable<Proposal> {
  if (statementOf(site) !== site || !isListed(site)) return
  const inCase = isSite(site.parent, 'SwitchCase')
  if (!inCase && loopOf(site) === null) return
  const last = site.parent?.children.at(-1) === site
  if (!last) return
  for (const word of inCase ? ['break'] : ['break', 'continue']) {
    const proposal = insertAfter(site, `${word}${context.style.semicolon}`, context, {
      variant: word,
      weight: inCase ? 0.35 : 0.15,
      description: `${word} here`,
    })
    if (proposal !== null) yield proposal
  }
  const before = inCase
    ? null
    : insertBefore(site, `break${context.style.semicolon}`, context, {
        variant: 'break',
        weight: 0.02,
        description: 'leave the loop here',
      })
  if (before !== null) yield before
}

/** A copy, where the original is stored, passed on or changed. */
function* copied(site: Site, { tree, style, facts }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'Identifier', 'MemberExpression')) return
  const { parent } = site
  if (
    !isSite(
      parent,
      'VariableDeclarator',
      'AssignmentExpression',
      'ReturnStatement',
      'CallExpression',
      'ObjectProperty',
      'NewExpression',
    )
  )
    return
  if (site.key === 'callee' || (isSite(parent, 'ObjectProperty') && parent.node.shorthand)) return
  const text = tree.textOf(site)
  const shape = facts.shapes.get(text) ?? shapeOf(site.node)
  if (
    shape === 'function' ||
    shape === 'number' ||
    shape === 'string' ||
    shape === 'boolean' ||
    shape === 'regexp'
  )
    return
  const copies: [string, number][] = []
  if (shape !== 'object')
    copies.push(
      [`${text}.slice()`, 0.5],
      ...(style.modern ? ([[`[...${text}]`, 0.5]] as [string, number][]) : []),
    )
  if (shape !== 'array')
    copies.push(style.modern ? [`{ ...${text} }`, 0.6] : [`Object.assign({}, ${text})`, 0.6])
  for (const [copy, share] of copies) {
    yield replaceExpression(site, copy, precedence.call, {
      variant: 'copy',
      weight: 0.14 * share * (shape === 'unknown' ? 0.6 : 1),
      description: `work on a copy of ${text}`,
    })
  }
}

/** `x.sort()` and `x.reverse()` change what others hold. */
function* unchanged(site: Site, { tree, style }: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'MemberExpression') || site.key !== 'callee') return
  const object = childAt(site, 'object')
  const name = site.node.property.type === 'Identifier' ? site.node.property.name : ''
  if (object === undefined || !/^(?:sort|reverse|splice|push|pop|shift|unshift|fill)$/.test(name)) return
  const text = tree.textOf(object)
  yield replaceRange(object.start, object.end, style.modern ? `[...${text}]` : `${text}.slice()`, {
    variant: 'copy-before',
    weight: /^(?:sort|reverse)$/.test(name) ? 0.2 : 0.03,
    description: `${name} a copy of ${text}`,
  })
}
