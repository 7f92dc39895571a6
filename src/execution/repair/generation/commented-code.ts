import { parseText } from '../syntax/index.ts'
import type { SourceTree } from '../syntax/index.ts'

/** A comment, or comments on consecutive lines, that hold code. */
export interface CommentedCode {
  readonly start: number
  readonly end: number
  /** The code without the signs of the comment, indented as the comment is. */
  readonly code: string
}

const longest = 2_000

/** Finds code that was commented out: text that looks like statements and parses as such. */
export function commentedCode(tree: SourceTree): readonly CommentedCode[] {
  return commentBlocks(tree).flatMap(({ start, end, lines }) => {
    const code = lines.map((line) => line.replace(/^ /, '')).join(`\n${tree.indentationAt(start)}`)
    if (!looksLikeCode(code) || code.length > longest) return []
    const parsed = parseText(tree.path, `async function frame() {\n${code}\n}`)
    return parsed === null || parsed.errors > 0 ? [] : [{ start, end, code }]
  })
}

interface CommentBlock {
  readonly start: number
  end: number
  readonly lines: string[]
}

function commentBlocks(tree: SourceTree): readonly CommentBlock[] {
  const blocks: CommentBlock[] = []
  let open: CommentBlock | null = null
  for (const comment of tree.comments) {
    const start = comment.start ?? 0
    const end = comment.end ?? 0
    if (comment.type === 'CommentBlock') {
      open = null
      if (!comment.value.startsWith('*')) blocks.push({ start, end, lines: [comment.value] })
    } else if (
      open !== null &&
      tree.text.slice(open.end, start).trim() === '' &&
      follows(tree, open.end, start)
    ) {
      open.end = end
      open.lines.push(comment.value)
    } else {
      open = { start, end, lines: [comment.value] }
      blocks.push(open)
    }
  }
  return blocks
}

function follows(tree: SourceTree, end: number, start: number): boolean {
  return tree.lineOf(start) === tree.lineOf(end) + 1
}

function looksLikeCode(text: string): boolean {
  return /(?:\)|\}|;)\s*$/.test(text) && /\w+\s*[=(.]/.test(text)
}
