/** Where in a text a line (from 1) begins and ends, and where its column (from 1) is: offsets for a selection. */
export function rangeOfLine(
  text: string,
  line: number,
  column = 1,
): { readonly at: number; readonly end: number } {
  const lines = text.split('\n')
  const index = Math.min(Math.max(1, line), lines.length) - 1
  const start = lines.slice(0, index).reduce((sum, each) => sum + each.length + 1, 0)
  const length = lines[index]?.length ?? 0
  return { at: start + Math.min(Math.max(1, column) - 1, length), end: start + length }
}

interface Selection {
  readonly text: string
  readonly from: number
  readonly to: number
}

const unit = '  '

/** Moves the selected lines in or out by two spaces; without a selection, puts two spaces in at the cursor. */
export function indent({ text, from, to }: Selection, direction: 'in' | 'out'): Selection {
  if (from === to && direction === 'in')
    return { text: text.slice(0, from) + unit + text.slice(to), from: from + 2, to: to + 2 }
  const start = text.lastIndexOf('\n', from - 1) + 1
  const lines = text.slice(start, to).split('\n')
  const moved = lines.map((line) => (direction === 'in' ? unit + line : line.replace(/^ {1,2}/, '')))
  const first = (moved[0]?.length ?? 0) - (lines[0]?.length ?? 0)
  const all = moved.join('\n').length - lines.join('\n').length
  return {
    text: text.slice(0, start) + moved.join('\n') + text.slice(to),
    from: Math.max(start, from + first),
    to: to + all,
  }
}
