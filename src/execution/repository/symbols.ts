import type { Node } from '@babel/types'
import { isScriptPath, parseScript, walkScript } from './script-syntax.ts'

/** A function, method or class and the lines it takes. Lines are 1-based and inclusive. */
export interface SymbolSpan {
  /** Methods carry their class: `Parser.next`. */
  readonly name: string
  readonly firstLine: number
  readonly lastLine: number
}

/** Functions, methods and classes of a text, where the language is understood (JavaScript, TypeScript, Python). */
export function findSymbols(path: string, text: string): readonly SymbolSpan[] {
  if (isScriptPath(path)) return scriptSymbols(path, text)
  return /\.pyi?$/.test(path) ? pythonSymbols(text) : []
}

/** The innermost symbol around each of the lines, each named once, in order of appearance. */
export function symbolsAt(symbols: readonly SymbolSpan[], lines: Iterable<number>): readonly string[] {
  const names = new Set<string>()
  for (const line of lines) {
    let innermost: SymbolSpan | undefined
    for (const symbol of symbols) {
      if (line < symbol.firstLine || line > symbol.lastLine) continue
      const size = symbol.lastLine - symbol.firstLine
      if (innermost === undefined || size <= innermost.lastLine - innermost.firstLine) innermost = symbol
    }
    if (innermost !== undefined) names.add(innermost.name)
  }
  return [...names]
}

function scriptSymbols(path: string, text: string): readonly SymbolSpan[] {
  const file = parseScript(path, text)
  if (file === undefined) return []
  const symbols: SymbolSpan[] = []
  walkScript(file, (node, ancestors) => {
    const name = declaredName(node, ancestors)
    if (name !== undefined && node.loc) {
      symbols.push({ name, firstLine: node.loc.start.line, lastLine: node.loc.end.line })
    }
  })
  return symbols
}

function declaredName(node: Node, ancestors: readonly Node[]): string | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.id?.name ?? 'default'
    case 'ClassMethod':
    case 'ClassPrivateMethod':
    case 'ObjectMethod':
      return qualify(nameOf(node.key), ancestors)
    case 'ClassProperty':
    case 'ObjectProperty':
      return isFunction(node.value) ? qualify(nameOf(node.key), ancestors) : undefined
    case 'VariableDeclarator':
      return isFunction(node.init) || node.init?.type === 'ClassExpression' ? nameOf(node.id) : undefined
    case 'AssignmentExpression':
      return isFunction(node.right) ? nameOf(node.left) : undefined
    default:
      return undefined
  }
}

function qualify(name: string | undefined, ancestors: readonly Node[]): string | undefined {
  if (name === undefined) return undefined
  const owner = ancestors.at(-1)?.type === 'ClassBody' ? ancestors.at(-2) : undefined
  if (owner?.type !== 'ClassDeclaration' && owner?.type !== 'ClassExpression') return name
  return owner.id ? `${owner.id.name}.${name}` : name
}

function isFunction(node: Node | null | undefined): boolean {
  return node?.type === 'FunctionExpression' || node?.type === 'ArrowFunctionExpression'
}

/** `exports.parse` and `Parser.prototype.next` are named as they are written, without the parts that say nothing. */
function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return node.name
    case 'StringLiteral':
      return node.value
    case 'NumericLiteral':
      return String(node.value)
    case 'PrivateName':
      return `#${node.id.name}`
    case 'MemberExpression': {
      const property =
        node.computed && node.property.type === 'Identifier' ? undefined : nameOf(node.property)
      if (property === undefined) return undefined
      const object = nameOf(node.object)
      if (object === undefined || /^(?:module\.exports|module|exports|this|globalThis|window)$/.test(object))
        return property
      return property === 'prototype' ? object : `${object}.${property}`
    }
    default:
      return undefined
  }
}

/** By indentation: a definition lasts until the next line that is indented no deeper. */
function pythonSymbols(text: string): readonly SymbolSpan[] {
  const symbols: SymbolSpan[] = []
  const open: { name: string; indent: number; firstLine: number; lastLine: number }[] = []
  const closeFrom = (indent: number): void => {
    for (let top = open.at(-1); top !== undefined && top.indent >= indent; top = open.at(-1)) {
      open.pop()
      symbols.push({ name: top.name, firstLine: top.firstLine, lastLine: top.lastLine })
    }
  }
  for (const [index, line] of text.split('\n').entries()) {
    const body = line.trimStart()
    if (body === '' || body.startsWith('#')) continue
    const indent = line.length - body.length
    const name = /^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)/.exec(body)?.[1]
    if (name !== undefined || !/^[)\]}]/.test(body)) closeFrom(indent)
    for (const symbol of open) symbol.lastLine = index + 1
    if (name === undefined) continue
    const outer = open.at(-1)
    open.push({
      name: outer === undefined ? name : `${outer.name}.${name}`,
      indent,
      firstLine: index + 1,
      lastLine: index + 1,
    })
  }
  closeFrom(-1)
  return symbols
}
