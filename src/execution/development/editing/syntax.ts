import { parse as parseToml, TomlError } from 'smol-toml'
import { parseDocument } from 'yaml'
import { grammarOf, parserOf, type SyntaxNode } from '../../grammar/index.ts'
import { isScriptPath, scriptProblem } from '../../repository/index.ts'

/** Where and why a text cannot be parsed. Line and column are 1-based. */
export interface SyntaxProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Longer texts are generated or data, and not judged. */
const longestText = 1_000_000
const parseMs = 2_000

/** The first thing for which a text does not parse in the language of its name; undefined if it does, or nobody can say. */
export async function syntaxProblem(path: string, text: string): Promise<SyntaxProblem | undefined> {
  if (text.length > longestText) return undefined
  if (isScriptPath(path)) return scriptProblem(path, text)
  const extension = /\.([a-z]+)$/.exec(path.toLowerCase())?.[1] ?? ''
  switch (extension) {
    case 'json':
      return jsonProblem(text)
    case 'yaml':
    case 'yml':
      return yamlProblem(text)
    case 'toml':
      return tomlProblem(text)
  }
  const grammar = grammarOf(path)
  return grammar === undefined ? undefined : grammarProblem(grammar, text)
}

function jsonProblem(text: string): SyntaxProblem | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length)
    return { ...placeOf(text, position), message: message.split('\n')[0] ?? message }
  }
}

function yamlProblem(text: string): SyntaxProblem | undefined {
  // Only whether it is YAML is asked; tags and aliases mean nothing here.
  const [error] = parseDocument(text, { logLevel: 'silent', prettyErrors: false }).errors
  return error === undefined ? undefined : { ...placeOf(text, error.pos[0]), message: error.message }
}

function tomlProblem(text: string): SyntaxProblem | undefined {
  try {
    parseToml(text)
    return undefined
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return { line: error.line, column: error.column, message: error.message.split('\n')[0] ?? '' }
  }
}

async function grammarProblem(grammar: string, text: string): Promise<SyntaxProblem | undefined> {
  const parse = await parserOf(grammar)
  return parse(text, parseMs, (root) => {
    const node = firstFlaw(root)
    if (node === undefined) return undefined
    if (node.isMissing) return { ...positionOf(node.startPosition), message: `${node.type} is missing` }
    // What cannot be understood over several lines went wrong where it ends.
    const isLong = node.endPosition.row > node.startPosition.row
    const text = node.text.trim()
    const near = JSON.stringify(isLong ? text.slice(-40) : text.slice(0, 40))
    return {
      ...positionOf(isLong ? node.endPosition : node.startPosition),
      message: `this is not understood: ${near}`,
    }
  })
}

function positionOf({ row, column }: SyntaxNode['startPosition']): Pick<SyntaxProblem, 'line' | 'column'> {
  return { line: row + 1, column: column + 1 }
}

/** The innermost error, the first one in the text. */
function firstFlaw(root: SyntaxNode): SyntaxNode | undefined {
  let node = root
  if (!node.hasError) return undefined
  for (;;) {
    const inner = node.children.find((child) => child !== null && (child.hasError || child.isMissing))
    if (inner === undefined || inner === null) return node
    node = inner
  }
}

function placeOf(text: string, offset: number): Pick<SyntaxProblem, 'line' | 'column'> {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}
