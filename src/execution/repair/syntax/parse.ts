import { parse } from '@babel/parser'
import type { ParserOptions } from '@babel/parser'
import type { Comment, File } from '@babel/types'

type ParserPlugin = NonNullable<ParserOptions['plugins']>[number]

/** Extensions of the languages that are understood, with the syntax plug-ins of each. */
const pluginsByExtension: Readonly<Record<string, readonly ParserPlugin[]>> = {
  js: ['jsx'],
  cjs: ['jsx'],
  mjs: ['jsx'],
  jsx: ['jsx'],
  ts: ['typescript', 'decorators-legacy'],
  cts: ['typescript', 'decorators-legacy'],
  mts: ['typescript', 'decorators-legacy'],
  tsx: ['typescript', 'jsx', 'decorators-legacy'],
}

/** Whether a file can be parsed at all, judged by its name; declaration files hold nothing to repair. */
export function isParsable(path: string): boolean {
  return !/\.d\.[cm]?ts$/.test(path) && extensionOf(path) in pluginsByExtension
}

/** Parsed text. `comments` and all positions are in UTF-16 code units of the text. */
export interface ParsedText {
  readonly file: File
  readonly comments: readonly Comment[]
  /** Errors that the parser recovered from. */
  readonly errors: number
}

/** Parses tolerantly; null where even that fails. */
export function parseText(path: string, text: string): ParsedText | null {
  const plugins = pluginsByExtension[extensionOf(path)]
  if (plugins === undefined) return null
  try {
    const file = parse(text, {
      sourceType: 'unambiguous',
      plugins: [...plugins],
      errorRecovery: true,
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
      allowSuperOutsideMethod: true,
      allowUndeclaredExports: true,
    })
    return { file, comments: file.comments ?? [], errors: file.errors.length }
  } catch {
    return null
  }
}

function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.')
  return dot < 0 ? '' : path.slice(dot + 1).toLowerCase()
}
