/** Result of showing a long text in part. */
export interface Shown {
  readonly text: string
  readonly elided: boolean
}

/** Most characters that are kept of one result for paging. */
export const keptCharacters = 1_000_000

/**
 * A careful guess of how many tokens a text has, the same on every machine and at no cost: code has some 3.5 bytes a
 * token, and guessing too many only compacts a little earlier.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3)
}

/** Beginning and end of a text that is too long, with what to ask for to read the rest. Cuts at ends of lines. */
export function elide(text: string, tokens: number, handle: string): Shown {
  const characters = tokens * 3
  if (text.length <= characters) return { text, elided: false }
  const head = endOfLine(text, Math.floor(characters * 0.7))
  const tail = Math.max(head, startOfLine(text, text.length - Math.floor(characters * 0.25)))
  const left = text.slice(head, tail)
  const lines = left.split('\n').length - 1
  return {
    text: `${text.slice(0, head)}\n[… ${left.length} characters on ${lines} lines are left out; more {"handle":"${handle}","from":${head}} shows them …]\n${text.slice(tail)}`,
    elided: true,
  }
}

/** One page of a text that was elided. */
export function page(text: string, from: number, tokens: number, handle: string): string {
  if (from >= text.length) return `The result ends at character ${text.length}.`
  const to = Math.max(from + 1, endOfLine(text, Math.min(text.length, from + tokens * 3), from))
  const rest = to < text.length ? `; next: more {"handle":"${handle}","from":${to}}` : ', its end'
  return `[characters ${from} to ${to} of ${text.length}${rest}]\n${text.slice(from, to)}`
}

/** The last end of a line before `at`, unless that line is very long. */
function endOfLine(text: string, at: number, notBefore = 0): number {
  if (at >= text.length) return text.length
  const newline = text.lastIndexOf('\n', at - 1)
  return newline + 1 > Math.max(notBefore, at - 400) ? newline + 1 : wholeCharacter(text, at)
}

function startOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline !== -1 && newline < at + 400 ? newline + 1 : wholeCharacter(text, at)
}

/** Never between the halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at
}
