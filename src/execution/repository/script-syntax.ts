import { parse, type ParseResult, type ParserOptions } from '@babel/parser'
import type { Node } from '@babel/types'
import { z } from 'zod'

/** Longer texts are generated or data; parsing them costs seconds and tells nothing. */
const maxScriptLength = 2_000_000

/** Whether `path` names JavaScript or TypeScript. */
export function isScriptPath(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path)
}

/**
 * The syntax tree of a script, or undefined if it cannot be parsed. TypeScript, JSX and Flow are chosen by name and
 * content; flaws that a parser can live with (a return outside of a function, an unknown private name) are only listed in
 * its `errors`.
 */
export function parseScript(path: string, text: string): ParseResult | undefined {
  return tryDialects(path, text).file
}

/** Where and why a script cannot be parsed. Line and column are 1-based. */
export interface ScriptProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** The first thing for which a script would be refused by what runs it, or undefined. */
export function scriptProblem(path: string, text: string): ScriptProblem | undefined {
  const { file, error } = tryDialects(path, text)
  const first = file === undefined ? error : file.errors[0]
  return first === undefined ? undefined : describeProblem(first)
}

function describeProblem(error: unknown): ScriptProblem {
  const message = error instanceof Error ? error.message.replace(/\s*\(\d+:\d+\)$/, '') : String(error)
  const { line, column } = positionSchema.parse(error).loc
  return { line, column: column + 1, message }
}

const positionSchema = z
  .object({ loc: z.object({ line: z.number(), column: z.number() }) })
  .catch({ loc: { line: 1, column: 0 } })

interface Attempt {
  readonly file?: ParseResult
  /** Why the likeliest dialect does not fit. */
  readonly error?: unknown
}

function tryDialects(path: string, text: string): Attempt {
  if (text.length > maxScriptLength) return {}
  const errors: unknown[] = []
  for (const plugins of dialects(path, text)) {
    try {
      const file = parse(text, {
        sourceType: 'unambiguous',
        errorRecovery: true,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        allowSuperOutsideMethod: true,
        allowUndeclaredExports: true,
        allowNewTargetOutsideFunction: true,
        ranges: false,
        plugins,
      })
      return { file }
    } catch (error) {
      // The next dialect may fit.
      errors.push(error)
    }
  }
  return { error: errors[0] }
}

type Plugins = NonNullable<ParserOptions['plugins']>

function dialects(path: string, text: string): readonly Plugins[] {
  const always: Plugins = ['decorators']
  if (/\.[cm]?ts$/.test(path))
    return [
      [...always, 'typescript'],
      [...always, 'typescript', 'jsx'],
    ]
  if (path.endsWith('.tsx')) return [[...always, 'typescript', 'jsx']]
  const flow: Plugins = [...always, 'flow', 'jsx']
  return /@flow\b/.test(text.slice(0, 2000)) ? [flow, [...always, 'jsx']] : [[...always, 'jsx'], flow]
}

/** Calls `visit` for every node below `root`, parents first, with its ancestors from the outside in. No recursion: depth is the text's choice. */
export function walkScript(root: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  const stack: { readonly node: Node; readonly depth: number }[] = [{ node: root, depth: 0 }]
  const ancestors: Node[] = []
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next
    ancestors.length = depth
    visit(node, ancestors)
    ancestors.push(node)
    const children = childrenOf(node)
    for (let i = children.length - 1; i >= 0; i -= 1) {
      const child = children[i]
      if (child !== undefined) stack.push({ node: child, depth: depth + 1 })
    }
  }
}

const notChildren = new Set([
  'loc',
  'start',
  'end',
  'range',
  'leadingComments',
  'trailingComments',
  'innerComments',
  'extra',
  'errors',
  'comments',
  'tokens',
])

/** The nodes directly below a node, in the order of its fields. */
export function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = []
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (notChildren.has(key)) continue
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      if (isNode(item)) children.push(item)
  }
  return children
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
