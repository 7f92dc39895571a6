import type { Node, Statement } from '@babel/types'

/** A statement at the top of a file that brings in names from another module. */
export interface Import {
  readonly source: string
  readonly names: readonly string[]
  /** As the file has it. */
  readonly text: string
  readonly style: 'import' | 'require'
  /** Where the name of the module stands in `text`, quotes included. */
  readonly at: { readonly start: number; readonly end: number }
}

/** The import that a statement is; null for any other statement. */
export function importOf(statement: Statement, text: string): Import | null {
  const from = (source: Node, names: readonly string[], style: Import['style']): Import | null => {
    if (source.type !== 'StringLiteral') return null
    const start = statement.start ?? 0
    const at = { start: (source.start ?? 0) - start, end: (source.end ?? 0) - start }
    return { source: source.value, names, text: text.slice(start, statement.end ?? 0), style, at }
  }
  if (statement.type === 'ImportDeclaration') {
    return from(
      statement.source,
      statement.specifiers.map(({ local }) => local.name),
      'import',
    )
  }
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return null
  const [declaration] = statement.declarations
  const call = requireIn(declaration?.init)
  if (call === null || declaration === undefined) return null
  return from(call, boundNames(declaration.id), 'require')
}

/** The module named in `require('x')`, `require('x').y` or `require('x')()`. */
function requireIn(node: Node | null | undefined): Node | null {
  if (node?.type === 'MemberExpression') return requireIn(node.object)
  if (node?.type !== 'CallExpression') return null
  if (node.callee.type === 'Identifier' && node.callee.name === 'require') return node.arguments[0] ?? null
  return requireIn(node.callee)
}

function boundNames(pattern: Node): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'ObjectProperty' ? property.value : property.argument),
      )
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    default:
      return []
  }
}

/** The same import of another module, in the style that the file it goes into needs; null where there is no such form. */
export function rewritten(
  { text, at, style }: Import,
  source: string,
  wanted: Import['style'],
): string | null {
  const moved = `${text.slice(0, at.start)}'${source}'${text.slice(at.end)}`.replace(/;?\s*$/, '')
  if (style === wanted) return moved
  if (style === 'require') {
    const plain = /^(?:const|let|var)\s+(\{[^}]*\}|[\w$]+)\s*=\s*require\(\s*('[^']*')\s*\)$/.exec(moved)
    return plain === null ? null : `import ${(plain[1] ?? '').replaceAll(/\s*:\s*/g, ' as ')} from ${plain[2] ?? ''}`
  }
  const plain = /^import\s+(?:\*\s+as\s+)?(\{[^}]*\}|[\w$]+)\s+from\s+('[^']*')$/.exec(moved)
  return plain === null
    ? null
    : `const ${(plain[1] ?? '').replaceAll(/\s+as\s+/g, ': ')} = require(${plain[2] ?? ''})`
}
