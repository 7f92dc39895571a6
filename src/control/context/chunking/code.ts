import { type Chunk, type Definition, formChunks, maxChunkLength, type Unit } from './chunk.ts'
import type { CodeLanguage } from './languages.ts'
import type { Lines } from './lines.ts'
import { childrenOf, type SyntaxNode } from '../../../execution/grammar/index.ts'

const maxDefinitions = 5_000
const maxDepth = 60
/** Rows from which on definitions are looked for inside anything. */
const longNode = 40
/** Rows from which on a top-level statement is a chunk of its own. */
const ownChunk = 8

/** Chunks of a syntax tree: a type with its methods, a function, a block of top-level statements. */
export function chunkCode(root: SyntaxNode, lines: Lines, language: CodeLanguage): readonly Chunk[] {
  return formChunks(lines, unitsOf(root, lines, language), findDefinitions(root, language), isComment)
}

function isComment(line: string): boolean {
  return /^\s*(?:\/\/|\/\*|\*|#(?!include|define|if|\[)|--)/.test(line)
}

/** Top-level nodes, and what is inside those that are too long for one chunk. */
function unitsOf(root: SyntaxNode, lines: Lines, language: CodeLanguage): readonly Unit[] {
  const units: Unit[] = []
  let groups = 1
  const visit = (parent: SyntaxNode, group: number, depth: number): void => {
    let commentRow: number | undefined
    let commentEnd = -2
    for (const node of childrenOf(parent)) {
      const { row: first } = node.startPosition
      const last = lastRow(node)
      if (leadsIn(node)) {
        if (commentRow === undefined || first > commentEnd + 1) commentRow = first
        commentEnd = last
        units.push({ row: commentRow, group })
        continue
      }
      const row = commentRow !== undefined && first <= commentEnd + 1 ? commentRow : first
      const own = depth === 0 && isOwnChunk(node, language, last - first) ? (groups += 1) : group
      if (row !== first && own !== group) units.pop()
      units.push({ row, group: own })
      commentRow = undefined
      if (lines.length(first, last) > maxChunkLength) split(node, depth)
    }
  }
  const split = (node: SyntaxNode, depth: number): void => {
    const group = (groups += 1)
    // The head of what is split stands with the first part.
    const head = units.pop()
    if (head !== undefined) units.push({ row: head.row, group })
    if (node.namedChildCount > 0 && depth < maxDepth) visit(node, group, depth + 1)
    else for (let row = node.startPosition.row + 1; row <= lastRow(node); row += 1) units.push({ row, group })
  }
  visit(root, 0, 0)
  return units
}

/** Comments, and the attributes of Rust, belong to what follows them. */
function leadsIn({ type }: SyntaxNode): boolean {
  return type.includes('comment') || type === 'attribute_item'
}

/** Some grammars count the line break after a node as part of it. */
function lastRow(node: SyntaxNode): number {
  const { row, column } = node.endPosition
  return column === 0 && row > node.startPosition.row ? row - 1 : row
}

function isOwnChunk(node: SyntaxNode, language: CodeLanguage, rows: number): boolean {
  if (/import|use_declaration|using/.test(node.type)) return false
  if (rows >= ownChunk) return true
  if (
    !/function|class|method|interface|enum|struct|trait|impl|export|decorated|module|type_decl/.test(
      node.type,
    )
  )
    return false
  return language.definitions.has(node.type) || rows >= 2
}

/** Named things, in the order of their first lines, without what is local to short functions. */
function findDefinitions(root: SyntaxNode, language: CodeLanguage): readonly Definition[] {
  const found: Definition[] = []
  const visit = (parent: SyntaxNode, depth: number): void => {
    for (const node of childrenOf(parent)) {
      if (found.length >= maxDefinitions) return
      const isDefinition = language.definitions.has(node.type)
      const name = isDefinition && definesSomething(node, depth) ? nameOf(node) : undefined
      if (name !== undefined) found.push({ name, row: node.startPosition.row, endRow: lastRow(node) })
      const isLong = lastRow(node) - node.startPosition.row > longNode
      if ((isDefinition || isLong || language.containers.has(node.type)) && depth < maxDepth)
        visit(node, depth + 1)
    }
  }
  visit(root, 0)
  return found
}

const looseDefinitions = new Set(['variable_declarator', 'assignment_expression', 'assignment', 'pair'])

/** A table entry or a variable counts when it holds a function or a class; variables of the file itself always do. */
function definesSomething(node: SyntaxNode, depth: number): boolean {
  if (!looseDefinitions.has(node.type)) return true
  const value = node.childForFieldName('value') ?? node.childForFieldName('right')
  if (value !== null && /function|class/.test(value.type)) return true
  return node.type !== 'pair' && depth <= 2
}

/** The last word of what names the node: `b` of `a.b = …`. */
function nameOf(node: SyntaxNode): string | undefined {
  let named =
    node.childForFieldName('name') ??
    node.childForFieldName('left') ??
    node.childForFieldName('key') ??
    node.childForFieldName('type')
  // In C a function's name is inside its declarators.
  for (let inner = node.childForFieldName('declarator'); inner !== null;) {
    named = inner
    inner = inner.childForFieldName('declarator')
  }
  if (named === null || named.endIndex - named.startIndex > 200) return undefined
  const name = named.text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu)?.at(-1)
  return name === 'exports' || name === 'prototype' ? undefined : name
}
