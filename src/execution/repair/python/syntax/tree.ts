import { parserOf } from '../../../grammar/index.ts'
import type { Parse, SyntaxNode } from '../../../grammar/index.ts'
import type { SourceFile } from '../../model.ts'
import { lineAt, lineStarts } from '../../syntax/index.ts'

/** A node of tree-sitter's syntax tree, tokens included and comments left out. */
export interface PythonNode {
  /** As in https://github.com/tree-sitter/tree-sitter-python/blob/master/src/node-types.json. */
  readonly type: string
  /** Field of the parent that holds it, such as `condition`. */
  readonly field: string | null
  /** False for keywords, operators and punctuation. */
  readonly named: boolean
  readonly parent: PythonNode | null
  /** In UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** Numbered in the order of the text, parents before children. */
  readonly id: number
  readonly children: readonly PythonNode[]
}

/** One parsed file. */
export interface PythonTree {
  readonly path: string
  readonly text: string
  readonly root: PythonNode
  readonly nodes: readonly PythonNode[]
  textOf(range: { readonly start: number; readonly end: number }): string
  /** 1-based line of an offset. */
  lineOf(offset: number): number
  /** White space at the beginning of the line on which the offset stands. */
  indentationAt(offset: number): string
  /** One more level of indentation, as the file has it. */
  readonly indent: string
}

export type ParsePython = (file: SourceFile) => PythonTree | null

const parseMs = 2_000

/** Loads the grammar; the parser gives null for what takes too long. Syntax errors leave `ERROR` nodes. */
export async function pythonParser(): Promise<ParsePython> {
  const parse = await parserOf('python')
  return (file) => buildTree(parse, file)
}

interface MutableNode extends PythonNode {
  readonly children: MutableNode[]
}

function buildTree(parse: Parse, { path, text }: SourceFile): PythonTree | null {
  const nodes: PythonNode[] = []
  const root = parse(text, parseMs, (syntax) => copy(syntax, nodes))
  if (root === undefined) return null
  const starts = lineStarts(text)
  const lineOf = (offset: number): number => lineAt(starts, offset)
  return {
    path,
    text,
    root,
    nodes,
    lineOf,
    textOf: ({ start, end }) => text.slice(start, end),
    indentationAt: (offset) => /^[ \t]*/.exec(text.slice(starts[lineOf(offset) - 1] ?? 0, offset))?.[0] ?? '',
    indent: /^([ \t]+)\S/m.exec(text)?.[1] ?? '    ',
  }
}

/** Plain objects: the parser's own nodes end with its tree and are slow to walk. */
function copy(syntax: SyntaxNode, nodes: PythonNode[]): PythonNode {
  const cursor = syntax.walk()
  const visit = (parent: MutableNode | null): MutableNode => {
    const node: MutableNode = {
      type: cursor.nodeType,
      field: cursor.currentFieldName,
      named: cursor.nodeIsNamed,
      parent,
      start: cursor.startIndex,
      end: cursor.endIndex,
      id: nodes.length,
      children: [],
    }
    nodes.push(node)
    if (cursor.gotoFirstChild()) {
      do {
        if (cursor.nodeType !== 'comment') node.children.push(visit(node))
      } while (cursor.gotoNextSibling())
      cursor.gotoParent()
    }
    return node
  }
  try {
    return visit(null)
  } finally {
    cursor.delete()
  }
}
