import type { SourceTree } from './source-tree.ts'

/** How a file is written, so that edits look as if they had always been there. */
export interface CodeStyle {
  readonly semicolon: ';' | ''
  readonly quote: "'" | '"'
  /** One step of indentation. */
  readonly indent: string
  /** Whether `?.` and `??` are used, or may be because the file is TypeScript. */
  readonly optionalChaining: boolean
  /** Whether `const`, arrows and spread are used. */
  readonly modern: boolean
  /** Whether bodies of one statement stand in braces. */
  readonly braces: boolean
}

/** Reads the style off a file's text. */
export function styleOf(tree: SourceTree): CodeStyle {
  const text = tree.text
  const semicolons = count(text, /;[ \t]*$/gm)
  const lines = count(text, /[\w)\]'"`][ \t]*$/gm)
  return {
    semicolon: semicolons * 3 >= lines ? ';' : '',
    quote: count(text, /"/g) > count(text, /'/g) ? '"' : "'",
    indent: /^(\t| {2,8})\S/m.exec(text)?.[1] ?? '  ',
    optionalChaining: /\.tsx?$/.test(tree.path) || /\?\.[\w[(]|\?\?/.test(text),
    modern: /\bconst\b|\blet\b|=>/.test(text),
    braces: count(text, /\bif \(.*\{[ \t]*$/gm) >= count(text, /\bif \([^{]*[^{\s]$/gm),
  }
}

/** A string literal in the style of the file. */
export function quoted(value: string, style: CodeStyle): string {
  const escaped = JSON.stringify(value).slice(1, -1)
  return style.quote === '"' ? `"${escaped}"` : `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
