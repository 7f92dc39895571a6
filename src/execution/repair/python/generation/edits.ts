import type { Proposal } from '../../generation/index.ts'
import { placed } from '../syntax/index.ts'
import type { PythonNode, PythonTree } from '../syntax/index.ts'

/** What a proposal is called, how likely it is and how it is described. */
export type Label = Pick<Proposal, 'variant' | 'weight' | 'description'>

/** Puts another expression in the place of one; `own` is the precedence of the new text. */
export function replaceExpression(node: PythonNode, text: string, own: number, label: Label): Proposal {
  return { ...label, start: node.start, end: node.end, replacement: placed(node, text, own) }
}

/** Puts other text in the place of a node. */
export function replaceNode(node: PythonNode, text: string, label: Label): Proposal {
  return { ...label, start: node.start, end: node.end, replacement: text }
}

/** Puts lines before a statement, at its indentation. Null where it shares its line with another. */
export function insertBefore(
  statement: PythonNode,
  code: string,
  tree: PythonTree,
  label: Label,
): Proposal | null {
  if (!startsItsLine(statement, tree)) return null
  const indentation = tree.indentationAt(statement.start)
  const replacement = `${indented(code, indentation)}\n${indentation}`
  return { ...label, start: statement.start, end: statement.start, replacement }
}

/** Puts lines after a statement, at its indentation. Null where it shares its line with another. */
export function insertAfter(
  statement: PythonNode,
  code: string,
  tree: PythonTree,
  label: Label,
): Proposal | null {
  if (!startsItsLine(statement, tree)) return null
  const indentation = tree.indentationAt(statement.start)
  const end = endOfCode(statement, tree)
  return { ...label, start: end, end, replacement: `\n${indentation}${indented(code, indentation)}` }
}

/** Removes a statement with its line; a block that would be empty gets `pass`. */
export function removeStatement(statement: PythonNode, tree: PythonTree, label: Label): Proposal | null {
  if (!startsItsLine(statement, tree)) return null
  const siblings = statement.parent?.children.filter(({ named }) => named) ?? []
  if (siblings.length < 2) return replaceNode(statement, 'pass', label)
  const start = tree.text.lastIndexOf('\n', statement.start - 1) + 1
  const lineEnd = tree.text.indexOf('\n', statement.end)
  const end = lineEnd < 0 ? tree.text.length : lineEnd + 1
  if (tree.text.slice(statement.end, end).trim() !== '') return null
  return { ...label, start, end, replacement: '' }
}

/** Whether nothing but white space stands before a statement on its line. */
export function startsItsLine(statement: PythonNode, tree: PythonTree): boolean {
  const lineStart = tree.text.lastIndexOf('\n', statement.start - 1) + 1
  return tree.text.slice(lineStart, statement.start).trim() === ''
}

/** Lines after the first at a deeper indentation. */
function indented(code: string, indentation: string): string {
  return code.replaceAll('\n', `\n${indentation}`)
}

/** Where a statement's last line of code ends. */
function endOfCode(statement: PythonNode, tree: PythonTree): number {
  return statement.start + tree.textOf(statement).trimEnd().length
}
