import { fieldOf, isPure, isValue, precedence } from '../../syntax/index.ts'
import type { PythonNode } from '../../syntax/index.ts'
import { replaceExpression } from '../edits.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

const usual: Readonly<Record<string, number>> = {
  '[1:]': 0.12,
  '[:-1]': 0.07,
  '[0]': 0.07,
  '[-1]': 0.07,
  '[1]': 0.03,
  '[::-1]': 0.05,
  '[:]': 0.04,
}

/** The whole is used where a part is meant, or the other way round. */
export const template: Template = {
  name: 'slicing',
  fault: 'The wrong part of a sequence is used.',
  *propose(node, context) {
    if (!isValue(node) || !isPure(node)) return
    if (node.type === 'subscript') yield* whole(node, context)
    if (/^(?:identifier|attribute)$/.test(node.type)) yield* part(node, context)
  },
}

function* whole(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const value = fieldOf(node, 'value')
  if (value === null) return
  yield replaceExpression(node, tree.textOf(value), precedence.primary, {
    variant: 'whole',
    weight: 0.1,
    description: `use the whole of ${tree.textOf(value)}`,
  })
}

function* part(node: PythonNode, context: FileContext): Iterable<Proposal> {
  const { tree, facts } = context
  const { parent, field } = node
  if (field === 'function' || field === 'object' || field === 'value') return
  const own = tree.textOf(node)
  const shape = context.ingredientsAt(node).find(({ text }) => text === own)?.shape
  if (shape === 'number' || shape === 'boolean' || shape === 'function') return
  const place = /^(?:for_statement|for_in_clause|argument_list|return_statement)$/.test(parent?.type ?? '')
    ? 1
    : 0.5
  const suffixes = new Map(Object.entries(usual))
  for (const suffix of facts.subscripts.keys()) suffixes.set(suffix, (suffixes.get(suffix) ?? 0.05) * 1.6)
  for (const { text, shape: other, relevance } of context.ingredientsAt(node).slice(0, 10)) {
    if (text === own || (other !== 'number' && other !== 'unknown')) continue
    for (const [suffix, weight] of [
      [`[${text}:]`, 0.14],
      [`[:${text}]`, 0.1],
      [`[${text}]`, 0.08],
    ] as const)
      suffixes.set(suffix, Math.max(suffixes.get(suffix) ?? 0, weight * relevance))
  }
  for (const [suffix, weight] of suffixes) {
    if (suffix.includes('\n')) continue
    yield replaceExpression(node, `${own}${suffix}`, precedence.primary, {
      variant: 'part',
      weight: weight * place,
      description: `use ${own}${suffix} instead of ${own}`,
    })
  }
}
