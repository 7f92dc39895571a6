import type { Chunk } from './chunk.ts'
import { chunkCode } from './code.ts'
import { chunkKeyed } from './keyed.ts'
import { languageOf } from './languages.ts'
import { Lines } from './lines.ts'
import { parserOf } from '../../../execution/grammar/index.ts'
import { chunkMarkdown, chunkText } from './prose.ts'
import { isGeneratedPath, screen, type Screening } from './screening.ts'

/** A file as chunks. */
export interface ChunkedFile {
  readonly outcome: Screening
  readonly language: string
  readonly text: string
  readonly lines: Lines
  readonly chunks: readonly Chunk[]
  /** What the file imports, as written. */
  readonly imports: readonly string[]
  /** Whether its syntax has errors; it is chunked all the same. */
  readonly hasSyntaxErrors: boolean
}

const parseBudgetMs = 2_000
const maxImports = 200

/**
 * Splits a file by its syntax, its headings or its paragraphs. Never fails: what cannot be read as what it seems to be
 * is read as text, or not at all, and `outcome` says so.
 */
export async function chunkFile(path: string, content: Uint8Array): Promise<ChunkedFile> {
  const language = languageOf(path)
  const { outcome, text } = isGeneratedPath(path)
    ? { outcome: 'generated' as const, text: '' }
    : screen(content)
  const lines = new Lines(text)
  const plain = { outcome, language: language.name, text, lines, imports: [], hasSyntaxErrors: false }
  if (outcome !== 'indexed') return { ...plain, chunks: [] }
  if (language.kind === 'markdown') return { ...plain, chunks: chunkMarkdown(lines) }
  if (language.kind === 'keyed') return { ...plain, chunks: chunkKeyed(lines, language.name) }
  if (language.kind === 'text') return { ...plain, chunks: chunkText(lines) }
  const parse = await parserOf(language.grammar)
  const parsed = parse(text, parseBudgetMs, (root) => ({
    chunks: chunkCode(root, lines, language),
    hasSyntaxErrors: root.hasError,
  }))
  const imports = importsOf(text, language.imports)
  if (parsed === undefined) return { ...plain, outcome: 'parse-timeout', imports, chunks: chunkText(lines) }
  return { ...plain, ...parsed, imports }
}

/** Parses a file if there is a grammar for it, and keeps nothing. */
export async function parseFile(path: string, content: Uint8Array): Promise<void> {
  const language = languageOf(path)
  const { outcome, text } = screen(content)
  if (language.kind !== 'code' || outcome !== 'indexed') return
  const parse = await parserOf(language.grammar)
  parse(text, parseBudgetMs, () => undefined)
}

function importsOf(text: string, pattern: RegExp): readonly string[] {
  const found = new Set<string>()
  for (const match of text.matchAll(pattern)) {
    const name = match[1] ?? match[2]
    if (name !== undefined) found.add(name)
    if (found.size >= maxImports) break
  }
  return [...found]
}
