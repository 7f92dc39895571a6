import { childAt, childrenAt, isSite, isValue, precedence } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import type { Template } from '../template.ts'

/** Sorting in the wrong order, or as text where numbers are meant. */
export const template: Template = {
  name: 'comparator',
  about: 'Gives a sort its comparator, turns it round, or compares numbers as numbers and texts as texts.',
  fault: 'Values are put in the wrong order.',
  *propose(site, { tree, style }) {
    if (isSite(site, 'CallExpression')) {
      const callee = childAt(site, 'callee')
      const name =
        isSite(callee, 'MemberExpression') && callee.node.property.type === 'Identifier'
          ? callee.node.property.name
          : ''
      const args = childrenAt(site, 'arguments')
      if (/^(?:sort|toSorted)$/.test(name)) {
        if (args.length === 0 && tree.text.endsWith(')', site.end)) {
          for (const [body, weight, what] of [
            ['a - b', 0.9, 'as numbers'],
            ['b - a', 0.35, 'as numbers, highest first'],
            ['a.localeCompare(b)', 0.25, 'as words'],
            ['a < b ? -1 : a > b ? 1 : 0', 0.1, 'by value'],
            ['a.length - b.length', 0.1, 'by length'],
          ] as const) {
            const text = style.modern
              ? `(a, b) => ${body}`
              : `function (a, b) { return ${body}${style.semicolon} }`
            yield replaceRange(site.end - 1, site.end - 1, text, {
              variant: 'add',
              weight,
              description: `sort ${what}`,
            })
          }
        } else if (args.length === 1) {
          const [comparator] = args
          if (comparator !== undefined) {
            yield replaceRange(comparator.start, comparator.end, '', {
              variant: 'remove',
              weight: 0.05,
              description: 'sort in the usual order',
            })
          }
          yield replaceRange(site.end, site.end, '.reverse()', {
            variant: 'reverse',
            weight: 0.06,
            description: 'turn the order round',
          })
        }
      } else if (/^(?:localeCompare|compare|cmp)$/.test(name) && isValue(site)) {
        yield replaceExpression(site, `-${tree.textOf(site)}`, precedence.unary, {
          variant: 'negate',
          weight: 0.15,
          description: 'turn the comparison round',
        })
      }
    }
    if (isSite(site, 'BinaryExpression') && isValue(site) && /^[<>]=?$/.test(site.node.operator)) {
      const [left, right] = [childAt(site, 'left'), childAt(site, 'right')]
      if (left === undefined || right === undefined || isSite(right, 'NumericLiteral')) return
      const text = `Number(${tree.textOf(left)}) ${site.node.operator} Number(${tree.textOf(right)})`
      yield replaceExpression(site, text, precedence.relational, {
        variant: 'as-numbers',
        weight: 0.08,
        description: 'compare as numbers',
      })
    }
  },
}
