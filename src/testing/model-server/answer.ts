/** What a model says, before a protocol gives it its form. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | {
      readonly kind: 'call'
      readonly id: string
      readonly tool: string
      /** JSON text if all is well. */
      readonly input: string
    }

/** Tokens as the server claims them; a misbehaving one may claim anything. */
export interface ClaimedUsage {
  /** With `cacheRead` and `cacheWrite`. */
  readonly input: number
  /** With `reasoning`. */
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
}

export interface Answer {
  readonly parts: readonly AnswerPart[]
  readonly finish: 'stop' | 'length' | 'tool-calls' | 'content-filter'
  /** Undefined: the server says nothing about it. */
  readonly usage: ClaimedUsage | undefined
}

/** Bytes that make a token here: crude, stable, and independent of anybody's tokenizer. */
const bytesPerToken = 4

export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken)
}

/** Usage by the length of what was asked and answered. */
export function countUsage(inputTokens: number, parts: readonly AnswerPart[]): ClaimedUsage {
  const tokensOf = (kind: AnswerPart['kind']): number =>
    parts
      .filter((part) => part.kind === kind)
      .reduce((sum, part) => sum + tokensIn(part.kind === 'call' ? part.tool + part.input : part.text), 0)
  const reasoning = tokensOf('reasoning')
  const output = Math.max(1, tokensOf('text') + tokensOf('call') + reasoning)
  return { input: inputTokens, output, cacheRead: 0, cacheWrite: 0, reasoning }
}

/** How an answer that nobody disturbed ends. */
export function naturalFinish(parts: readonly AnswerPart[]): Answer['finish'] {
  return parts.some(({ kind }) => kind === 'call') ? 'tool-calls' : 'stop'
}

const pieceLength = 24

/** A text as it would be streamed, a few words at a time; surrogate pairs stay whole. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + pieceLength)
    const unit = text.charCodeAt(end - 1)
    if (end < text.length && unit >= 0xd800 && unit <= 0xdbff) end += 1
    yield text.slice(start, end)
    start = end
  }
}
