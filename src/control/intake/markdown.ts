/** One line of an issue with what surrounds it. */
export interface ProseLine {
  readonly text: string
  /** The headings it stands below, from the outside in, in lower case. */
  readonly headings: readonly string[]
}

export interface CodeBlock {
  /** In lower case; empty when the fence names none. */
  readonly language: string
  readonly code: string
}

export interface MarkdownParts {
  readonly prose: readonly ProseLine[]
  readonly blocks: readonly CodeBlock[]
}

const maxBlocks = 100

/**
 * Splits Markdown into prose and fenced code (CommonMark 0.31, section 4.5), line by line. Plain text comes back as
 * prose. A fence that is never closed lasts to the end, as CommonMark says.
 */
export function splitMarkdown(lines: Iterable<string>): MarkdownParts {
  const prose: ProseLine[] = []
  const blocks: CodeBlock[] = []
  let headings: readonly { readonly level: number; readonly text: string }[] = []
  let open: { readonly fence: string; readonly language: string; readonly lines: string[] } | undefined
  const close = (): void => {
    if (open !== undefined && blocks.length < maxBlocks) {
      blocks.push({ language: open.language, code: open.lines.join('\n') })
    }
    open = undefined
  }
  for (const line of lines) {
    const fence = /^ {0,12}(?:> ?)?(`{3,}|~{3,})[ \t]*([^`]*)$/.exec(line)
    if (open !== undefined) {
      const [, marks = '', info = ''] = fence ?? []
      if (marks.startsWith(open.fence) && info.trim() === '') close()
      else open.lines.push(line)
      continue
    }
    if (fence !== null) {
      const [, marks = '', info = ''] = fence
      const language = (/^\{?\.?([\w+#-]{1,40})/.exec(info)?.[1] ?? '').toLowerCase()
      open = { fence: marks, language, lines: [] }
      continue
    }
    const heading = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/.exec(line) ?? boldHeading(line)
    if (heading !== null) {
      const [, marks = '', title = ''] = heading
      const level = marks.startsWith('#') ? marks.length : 7
      headings = [...headings.filter((outer) => outer.level < level), { level, text: plain(title) }]
    }
    prose.push({ text: line, headings: headings.map((outer) => outer.text) })
  }
  close()
  return { prose, blocks }
}

/** A line of only bold text, or a short one that ends in a colon, is used as a heading in many issues. */
function boldHeading(line: string): RegExpExecArray | null {
  return /^(\*\*|__)([^*_]{1,80})\1:?\s*$/.exec(line) ?? /^()([A-Z][\w' -]{2,40}):\s*$/.exec(line)
}

function plain(title: string): string {
  return title
    .replace(/[#*_`:]/g, '')
    .trim()
    .toLowerCase()
}
