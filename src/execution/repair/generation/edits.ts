import { isFunctionNode, isListed, isSite, placed } from '../syntax/index.ts'
import type { Site } from '../syntax/index.ts'
import type { FileContext, Proposal } from './template.ts'

/** What a proposal is called, how likely it is and how it is described. */
export type Label = Pick<Proposal, 'variant' | 'weight' | 'description'>

/** Puts another expression in the place of one; `own` is the precedence of the new text. */
export function replaceExpression(site: Site, text: string, own: number, label: Label): Proposal {
  return { ...label, start: site.start, end: site.end, replacement: placed(site, text, own) }
}

/** Puts other text in a range. */
export function replaceRange(start: number, end: number, replacement: string, label: Label): Proposal {
  return { ...label, start, end, replacement }
}

/** Puts a statement before another, in braces where there is no list of statements. Null where it cannot be. */
export function insertBefore(site: Site, code: string, context: FileContext, label: Label): Proposal | null {
  const { tree } = context
  if (isListed(site)) {
    const indentation = tree.indentationAt(site.start)
    const text = reindented(code, indentation)
    // On one line with what stands before, as in `if (x) { y() }`.
    const alone = tree.text.slice(0, site.start).endsWith(indentation) && startsItsLine(tree.text, site.start)
    const goesOn = !alone || /^[([`/+-]/.test(tree.textOf(site))
    return {
      ...label,
      start: site.start,
      end: site.start,
      replacement: `${goesOn ? terminated(text) : text}${alone ? `\n${indentation}` : ' '}`,
    }
  }
  if (!isBranch(site)) return null
  return {
    ...label,
    start: site.start,
    end: site.end,
    replacement: `{ ${terminated(code)} ${tree.textOf(site)} }`,
  }
}

/** Puts a statement after another that stands in a list. Null where it cannot be. */
export function insertAfter(site: Site, code: string, context: FileContext, label: Label): Proposal | null {
  if (!isListed(site)) return null
  if (/^(?:Return|Throw|Break|Continue)Statement$/.test(site.node.type)) return null
  const { tree } = context
  const indentation = tree.indentationAt(site.start)
  const separator = startsItsLine(tree.text, site.start) ? `\n${indentation}` : '; '
  const text = `${separator}${reindented(code, indentation)}`
  return { ...label, start: site.end, end: site.end, replacement: text }
}

/** Removes a statement: with its line where it has one of its own. */
export function removeStatement(site: Site, context: FileContext, label: Label): Proposal | null {
  if (isListed(site)) {
    const { text } = context.tree
    if (!startsItsLine(text, site.start))
      return { ...label, start: site.start, end: site.end, replacement: '' }
    const lineStart = text.lastIndexOf('\n', site.start - 1) + 1
    const lineEnd = text.indexOf('\n', site.end)
    const alone = lineEnd >= 0 && text.slice(site.end, lineEnd).trim() === ''
    return alone
      ? { ...label, start: lineStart, end: lineEnd + 1, replacement: '' }
      : { ...label, start: site.start, end: site.end, replacement: '' }
  }
  return isBranch(site) ? { ...label, start: site.start, end: site.end, replacement: '{}' } : null
}

/** An early exit such as `if (x) return`, in the file's style. */
export function conditional(condition: string, body: string, context: FileContext): string {
  const { braces, indent, semicolon } = context.style
  return braces
    ? `if (${condition}) {\n${indent}${body}${semicolon}\n}`
    : `if (${condition}) ${body}${semicolon}`
}

/** Whether a statement is the single body of a branch or loop, without braces. */
export function isBranch(site: Site): boolean {
  return (
    (site.key === 'consequent' || site.key === 'alternate' || site.key === 'body') &&
    site.index < 0 &&
    site.node.type !== 'BlockStatement' &&
    site.parent !== null &&
    !isFunctionNode(site.parent.node) &&
    isSite(
      site.parent,
      'IfStatement',
      'WhileStatement',
      'ForStatement',
      'ForInStatement',
      'ForOfStatement',
      'DoWhileStatement',
    )
  )
}

function startsItsLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === ''
}

/** With the semicolon that it needs when something follows on the same line. */
function terminated(code: string): string {
  return /[;}]$/.test(code) ? code : `${code};`
}

function reindented(code: string, indentation: string): string {
  return code.replaceAll('\n', `\n${indentation}`)
}
