import type { OutlineNode } from './outline.ts'

/** Longer literals are data rather than inputs to play with. */
const longest = 2000

/**
 * Other values than a literal, near it and at the borders of its kind, as source text: an empty one, a little more or
 * less of it, another kind, nothing at all.
 */
export function alternativesOf(at: OutlineNode, text: string): readonly string[] {
  if (at.end - at.start > longest) return []
  const own = text.slice(at.start, at.end)
  const { node } = at
  const others = ((): readonly string[] => {
    switch (node.type) {
      case 'StringLiteral':
        return nearString(node.value)
      case 'NumericLiteral':
        return nearNumber(node.value)
      case 'BooleanLiteral':
        return [String(!node.value), 'null', 'undefined', '0', `'a'`]
      case 'NullLiteral':
        return ['undefined', '0', `''`, `'a'`, '[]', '{}', 'false']
      case 'ArrayExpression':
        return [...withoutEach(at, own), '[]', 'null', 'undefined', `[null]`, `['a']`, '[1, 2]', `'a'`]
      case 'ObjectExpression':
        return [...withoutEach(at, own), '{}', 'null', 'undefined', '[]', `{ a: 1 }`, `'a'`]
      default:
        return []
    }
  })()
  return [...new Set(others)].filter((other) => other !== own)
}

function nearString(value: string): readonly string[] {
  const middle = value.length >> 1
  const near = [
    value.slice(1),
    value.slice(0, -1),
    `${value}a`,
    `a${value}`,
    value + value,
    `${value.slice(0, middle)}${value.slice(middle + 1)}`,
    `${value.slice(0, middle)}.${value.slice(middle)}`,
    ` ${value}`,
    value.toUpperCase(),
    value.replace(/\d/, '0'),
    '',
    'constructor',
  ].filter((other) => other !== value)
  return [
    ...near.map((other) => JSON.stringify(other)),
    'null',
    'undefined',
    '1',
    'true',
    '[]',
    `['a']`,
    '{}',
  ]
}

function nearNumber(value: number): readonly string[] {
  // Whole numbers stay whole: most programs never see others, and edits that agree on these would seem to differ.
  const near = [value + 1, value - 1, 0, 1, -1, -value, value * 2, 10].filter(
    (other) => other !== value && Number.isFinite(other),
  )
  return [...near.map(String), 'NaN', 'null', 'undefined', `'${value}'`, `'a'`]
}

/** The list or object with one of its first members left out. */
function withoutEach(at: OutlineNode, own: string): readonly string[] {
  const members = at.children.slice(0, 6)
  return members.map((member) => {
    const end = /^\s*,/.exec(own.slice(member.end - at.start))?.[0].length ?? 0
    return own.slice(0, member.start - at.start) + own.slice(member.end - at.start + end)
  })
}
