import type { Node } from '@babel/types'
import { parseAllDocuments } from 'yaml'
import { isScriptPath, parseScript } from '../repository/index.ts'

/** `not-compared`: the language is not understood here, or one of the texts does not parse. */
export type Comparison = 'same' | 'different' | 'not-compared'

/**
 * Whether two texts of a file have the same syntax tree without trivia: white space, comments, quotes, parentheses
 * that group nothing, optional punctuation. JavaScript, TypeScript, JSX, JSON with and without comments, and YAML.
 */
export function compareMeaning(path: string, before: string, after: string): Comparison {
  try {
    const [first, second] = [meaningOf(path, before), meaningOf(path, after)]
    if (first === undefined || second === undefined) return 'not-compared'
    return first === second ? 'same' : 'different'
  } catch (error) {
    // Nested beyond what the stack holds.
    if (error instanceof RangeError) return 'not-compared'
    throw error
  }
}

function meaningOf(path: string, text: string): string | undefined {
  if (isScriptPath(path)) return meaningOfScript(path, text)
  if (/\.(?:json|jsonc|json5|webmanifest)$|(?:^|\/)\.(?:prettierrc|eslintrc|babelrc)$/.test(path))
    return meaningOfScript('value.js', `(${text.replace(/^\uFEFF/, '')}\n)`)
  return /\.ya?ml$/.test(path) ? meaningOfYaml(text) : undefined
}

function meaningOfScript(path: string, text: string): string | undefined {
  const file = parseScript(path, text)
  // The parser goes on after errors that it can live with.
  if (file === undefined || ('errors' in file && Array.isArray(file.errors) && file.errors.length > 0))
    return undefined
  return JSON.stringify(canonical(file.program))
}

function meaningOfYaml(text: string): string | undefined {
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return undefined
  try {
    return JSON.stringify(documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown))
  } catch {
    return undefined
  }
}

const trivia = new Set([
  ...['start', 'end', 'loc', 'range', 'extra', 'errors', 'tokens', 'comments'],
  ...['leadingComments', 'trailingComments', 'innerComments'],
])

/** A value of the syntax tree in the one form that all its spellings share. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isEmptyStatement(item)).map(canonical)
  if (value instanceof RegExp || typeof value !== 'object' || value === null) return value
  if (!isNode(value)) return fieldsOf(value)
  switch (value.type) {
    case 'TSParenthesizedType':
      return canonical(value.typeAnnotation)
    case 'TSUnionType':
    case 'TSIntersectionType':
      return value.types.length === 1 ? canonical(value.types[0]) : fieldsOf(value)
    case 'LogicalExpression':
      return { type: value.type, operator: value.operator, operands: operandsOf(value, value.operator) }
    case 'RegExpLiteral':
      return { ...fieldsOf(value), flags: Array.from(value.flags).sort().join('') }
    case 'BigIntLiteral':
      return { type: value.type, value: value.value.toString() }
    case 'JSXElement':
    case 'JSXFragment':
      return { ...fieldsOf(value), children: childrenOfElement(value.children) }
    case 'JSXAttribute':
      return attributeOf(value)
    case 'TaggedTemplateExpression':
      return isEmbedded(value.tag) ? withoutSpace(value) : fieldsOf(value)
    default:
      return fieldsOf(value)
  }
}

function fieldsOf(value: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    if (trivia.has(key) || field === undefined || field === null) continue
    fields[key] =
      key === 'key' && !('computed' in value && value.computed === true) ? nameOf(field) : canonical(field)
  }
  return fields
}

/** `a`, `'a'` and, for numbers, `1` and `'1'` are the same key of an object. */
function nameOf(key: unknown): unknown {
  if (!isNode(key)) return canonical(key)
  if (key.type === 'Identifier') return key.name
  if (key.type === 'StringLiteral') return key.value
  return key.type === 'NumericLiteral' ? String(key.value) : canonical(key)
}

/** `a && (b && c)` and `(a && b) && c` ask the same in the same order. */
function operandsOf(node: Node, operator: string): unknown[] {
  if (node.type !== 'LogicalExpression' || node.operator !== operator) return [canonical(node)]
  return [...operandsOf(node.left, operator), ...operandsOf(node.right, operator)]
}

/** Children as they are shown: lines are joined as JSX says, and `{' '}` is text. */
function childrenOfElement(children: readonly Node[]): unknown[] {
  const shown: unknown[] = []
  for (const child of children) {
    const text = textOfChild(child)
    const last = shown.at(-1)
    if (text === undefined) shown.push(canonical(child))
    else if (text !== '') {
      if (typeof last === 'string') shown[shown.length - 1] = last + text
      else shown.push(text)
    }
  }
  return shown
}

function textOfChild(child: Node): string | undefined {
  if (child.type === 'JSXText') {
    const lines = child.value.split(/\r\n|\n|\r/)
    return lines
      .map((line, at) => {
        const tail = at === 0 ? line : line.replace(/^[ \t]+/, '')
        return at === lines.length - 1 ? tail : tail.replace(/[ \t]+$/, '')
      })
      .filter((line) => line !== '')
      .join(' ')
  }
  if (child.type !== 'JSXExpressionContainer') return undefined
  if (child.expression.type === 'JSXEmptyExpression') return ''
  return child.expression.type === 'StringLiteral' ? child.expression.value : undefined
}

function attributeOf(node: Extract<Node, { type: 'JSXAttribute' }>): unknown {
  const { value } = node
  const literal =
    value?.type === 'JSXExpressionContainer' && value.expression.type === 'StringLiteral'
      ? value.expression
      : value
  if (literal?.type !== 'StringLiteral') return fieldsOf({ ...node, value: literal })
  const isClass = node.name.type === 'JSXIdentifier' && /^class(?:Name)?$/.test(node.name.name)
  return {
    type: node.type,
    name: canonical(node.name),
    value: isClass ? literal.value.trim().replace(/\s+/g, ' ') : literal.value,
  }
}

const embeddedLanguages = new Set([
  ...[
    'css',
    'keyframes',
    'injectGlobal',
    'createGlobalStyle',
    'styled',
    'graphql',
    'gql',
    'html',
    'svg',
    'markdown',
    'md',
  ],
])

/** Whether a template holds another language, whose white space formatters change too. */
function isEmbedded(tag: Node): boolean {
  if (tag.type === 'Identifier') return embeddedLanguages.has(tag.name)
  if (tag.type === 'MemberExpression') return isEmbedded(tag.object)
  return tag.type === 'CallExpression' && isEmbedded(tag.callee)
}

function withoutSpace(node: Extract<Node, { type: 'TaggedTemplateExpression' }>): unknown {
  const parts = node.quasi.quasis.map(({ value }) => value.raw.replace(/\s+/g, ''))
  return { type: node.type, tag: canonical(node.tag), parts, values: canonical(node.quasi.expressions) }
}

function isEmptyStatement(value: unknown): boolean {
  return isNode(value) && value.type === 'EmptyStatement'
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
