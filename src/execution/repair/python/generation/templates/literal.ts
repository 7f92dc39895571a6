import { isCondition, isValue, precedence } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** Other constants for a constant, with how often they are meant. */
const others: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  True: { False: 0.3, None: 0.04 },
  False: { True: 0.3, None: 0.04 },
  None: { '[]': 0.06, '0': 0.06, "''": 0.05, False: 0.06, True: 0.03, '{}': 0.03 },
  '[]': {
    '[[]]': 0.2,
    None: 0.06,
    '[0]': 0.06,
    '[1]': 0.03,
    '[None]': 0.02,
    '{}': 0.04,
    'set()': 0.03,
    "''": 0.03,
  },
  '{}': { '[]': 0.04, None: 0.05 },
  "''": { None: 0.05, "' '": 0.04, '[]': 0.03 },
  '""': { None: 0.05, '" "': 0.04, '[]': 0.03 },
  '0': { '1': 0.25, '-1': 0.12, None: 0.04, "float('inf')": 0.04, "float('-inf')": 0.04 },
  '1': { '0': 0.25, '-1': 0.1, '2': 0.12 },
  '2': { '1': 0.12, '0': 0.06, '3': 0.06 },
  "float('inf')": { "float('-inf')": 0.2, '0': 0.15 },
  "float('-inf')": { "float('inf')": 0.2, '0': 0.15 },
}

/** The wrong constant. */
export const template: Template = {
  name: 'literal',
  fault: 'A constant has the wrong value.',
  *propose(node, context) {
    if (!isValue(node)) return
    yield* otherConstant(node, context)
    if (node.type === 'list') yield* filled(node, context)
    if (node.type === 'string') yield* otherText(node, context)
    if (isCondition(node)) return
    if (/^(?:integer|none|true|false|list|string|float)$/.test(node.type)) yield* variable(node, context)
  },
}

function* otherConstant(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const text = tree.textOf(node)
  for (const [other, weight] of Object.entries(others[text] ?? {})) {
    yield replaceExpression(node, other, other.startsWith('-') ? precedence.unary : precedence.primary, {
      variant: 'constant',
      weight,
      description: `use ${other} instead of ${text}`,
    })
  }
}

/** `[]` becomes `[x]`, `[x]` becomes `[x, y]`. */
function* filled(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const own = context.tree.textOf(node)
  const inner = own.slice(1, -1).trim()
  for (const { text, shape, binding, relevance } of context.ingredientsAt(node).slice(0, 12)) {
    if (binding === 'import' || shape === 'function' || shape === 'class' || inner === text) continue
    const list = inner === '' ? `[${text}]` : `[${inner}, ${text}]`
    yield replaceExpression(node, list, precedence.primary, {
      variant: 'element',
      weight: (inner === '' ? 0.22 : 0.06) * relevance,
      description: `use ${list} instead of ${own}`,
    })
  }
}

function* otherText(node: PythonNode, { tree, vocabulary }: FileContext): Iterable<Proposal> {
  const own = tree.textOf(node)
  const quote = own.includes("'") ? "'" : '"'
  if (!/^['"]/.test(own) || own.startsWith(quote.repeat(3))) return
  for (const [rank, text] of vocabulary.strings.slice(0, 12).entries()) {
    if (text.length > 40 || /['"\\\n]/.test(text)) continue
    yield replaceExpression(node, `${quote}${text}${quote}`, precedence.primary, {
      variant: 'text',
      weight: 0.05 / (1 + rank * 0.2),
      description: `use ${quote}${text}${quote} instead of ${own}`,
    })
  }
}

/** A variable where a constant stands. */
function* variable(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const own = context.tree.textOf(node)
  const isInitial = node.parent?.type === 'assignment'
  for (const { text, shape, binding, relevance } of context.ingredientsAt(node).slice(0, 12)) {
    if (binding === 'import' || shape === 'function' || shape === 'class' || shape === 'module') continue
    yield replaceExpression(node, text, precedence.primary, {
      variant: 'variable',
      weight: (isInitial ? 0.08 : 0.12) * relevance,
      description: `use ${text} instead of ${own}`,
    })
  }
}
