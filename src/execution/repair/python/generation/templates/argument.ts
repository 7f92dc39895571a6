import { fieldOf, isPure, namedChildren } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceNode } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

const ordering = /^(?:sorted|sort|min|max)$/
const keys = [
  'key=len',
  'key=abs',
  'key=str',
  'key=lambda item: item[0]',
  'key=lambda item: item[1]',
  'reverse=True',
]

/** Arguments in the wrong order, one too many or one too few; the same for parts of an index. */
export const template: Template = {
  name: 'argument',
  fault: 'A function is called with the wrong arguments.',
  *propose(node, context) {
    if (node.type === 'argument_list') {
      const parts = namedChildren(node)
      yield* exchanged(parts, context, 0.3)
      yield* removed(node, parts, context)
      yield* added(node, parts, context)
    } else if (node.type === 'subscript') {
      const parts = node.children.filter(({ field }) => field === 'subscript')
      yield* exchanged(parts, context, 0.25)
    } else if (node.type === 'tuple' || node.type === 'expression_list') {
      yield* exchanged(namedChildren(node), context, 0.15)
    } else if (node.type === 'slice') yield* openedSlice(node, context)
  },
}

function* exchanged(parts: readonly PythonNode[], { tree }: FileContext, weight: number): Iterable<Proposal> {
  for (const [index, left] of parts.entries()) {
    for (const [distance, right] of parts.slice(index + 1, index + 4).entries()) {
      if (left.type === 'keyword_argument' || right.type === 'keyword_argument') continue
      const [one, other] = [tree.textOf(left), tree.textOf(right)]
      if (one === other || !isPure(left) || !isPure(right)) continue
      yield {
        variant: 'swap',
        start: left.start,
        end: right.end,
        replacement: `${other}${tree.text.slice(left.end, right.start)}${one}`,
        weight: weight / (1 + distance),
        description: `exchange ${one} and ${other}`,
      }
    }
  }
}

function* removed(node: PythonNode, parts: readonly PythonNode[], { tree }: FileContext): Iterable<Proposal> {
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]
    const previous = parts[index - 1]
    const start = next === undefined && previous !== undefined ? previous.end : part.start
    const end = next === undefined ? part.end : next.start
    if (start < node.start || end > node.end) continue
    yield {
      variant: 'remove',
      start,
      end,
      replacement: '',
      weight: parts.length === 1 ? 0.04 : 0.08,
      description: `do not pass ${tree.textOf(part)}`,
    }
  }
}

function* added(node: PythonNode, parts: readonly PythonNode[], context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const callee = node.parent === null ? null : fieldOf(node.parent, 'function')
  const name = callee === null ? '' : tree.textOf(callee).split('.').at(-1)
  const inner = parts.map((part) => tree.textOf(part))
  const rebuilt = (texts: readonly string[]): string => `(${texts.join(', ')})`
  if (parts.some(({ type }) => type === 'generator_expression' || type === 'comment')) return
  if (ordering.test(name ?? '')) {
    for (const key of keys) {
      yield replaceNode(node, rebuilt([...inner, key]), {
        variant: 'comparator',
        weight: 0.06,
        description: `pass ${key}`,
      })
    }
  }
  for (const { text, shape, relevance, binding } of context.ingredientsAt(node).slice(0, 10)) {
    if (shape === 'function' || shape === 'module' || binding === 'import' || inner.includes(text)) continue
    for (let at = 0; at <= inner.length && at < 4; at += 1) {
      if (parts[at - 1]?.type === 'keyword_argument') break
      yield replaceNode(node, rebuilt([...inner.slice(0, at), text, ...inner.slice(at)]), {
        variant: 'add',
        weight: 0.08 * relevance * (at === inner.length ? 1 : 0.5),
        description: `pass ${text} too`,
      })
    }
  }
}

/** `a[i:j]` becomes `a[i:]`, `a[:j]` or `a[j:i]`. */
function* openedSlice(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const colon = node.children.findIndex(({ type }) => type === ':')
  const [before, after] = [node.children[colon - 1], node.children[colon + 1]]
  if (after === undefined && before === undefined) return
  const texts = [before, after].map((part) => (part === undefined ? '' : tree.textOf(part)))
  if (node.children.length > 3) return
  const [start, end] = [texts[0] ?? '', texts[1] ?? '']
  for (const [text, weight] of [
    [`${end}:${start}`, 0.15],
    [`${start}:`, 0.1],
    [`:${end}`, 0.1],
  ] as const) {
    if (text === ':' || text === tree.textOf(node)) continue
    yield replaceNode(node, text, { variant: 'slice', weight, description: `take [${text}]` })
  }
}
