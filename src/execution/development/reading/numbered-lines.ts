/** Characters of one line and of one answer that are shown. */
const longestLine = 2_000
const longestText = 60_000

/** Lines without their ends; a final line end begins no further line. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split(/\r\n|\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Lines with their numbers, as many as fit one answer. Lines count from 1, and both ends are inclusive. */
export function numberedLines(
  lines: readonly string[],
  first: number,
  last: number,
): { readonly text: string; readonly through: number } {
  const width = String(last).length
  const shown: string[] = []
  let length = 0
  let through = first - 1
  for (let line = first; line <= last; line += 1) {
    const text = `${String(line).padStart(width)}\t${shortened(lines[line - 1] ?? '')}`
    length += text.length + 1
    if (length > longestText && shown.length > 0) break
    shown.push(text)
    through = line
  }
  return { text: shown.join('\n'), through }
}

/** A line of which at most so many characters are shown. */
export function shortened(line: string, limit = longestLine): string {
  return line.length <= limit ? line : `${line.slice(0, limit)} [${line.length - limit} more characters]`
}
