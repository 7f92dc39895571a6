import type { ModelRequest, ModelUsage } from '../../../contracts/index.ts'
import type { Answer, AnswerPart } from '../upstreams/answer.ts'
import { countRequest, countTokens } from './request-size.ts'
import type { RequestSize } from './request-size.ts'

/** What one attempt can have used at most, as was reserved for it. */
export interface UsageBounds {
  readonly size: RequestSize
  readonly output: number
}

/** Fewest bytes of text that a token is made of, the other way round: no tokenizer packs more into one on average. */
const mostBytesPerToken = 40

/**
 * What an answer has used: as the provider says where it says something that can be, and as the studio counts where it
 * says nothing, or something negative, fractional, larger than possible, or nothing for an answer that is there.
 */
export async function usageOf(
  request: ModelRequest,
  { content, usage }: Pick<Answer, 'content' | 'usage'>,
  bounds: UsageBounds,
): Promise<ModelUsage> {
  if (usage !== undefined && isPlausible(usage, content, bounds)) return { ...usage, source: 'provider' }
  let output = 0
  let reasoning = 0
  for (const part of content) {
    const tokens = await countTokens(textOf(part))
    output += tokens
    if (part.kind === 'reasoning') reasoning += tokens
  }
  return {
    input: Math.min(await countRequest(request), bounds.size.atMost),
    output: Math.min(output, bounds.output),
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: Math.min(reasoning, bounds.output),
    source: 'counted',
  }
}

function isPlausible(
  { input, output, cacheRead, cacheWrite, reasoning }: ModelUsage,
  content: readonly AnswerPart[],
  { size, output: mostOutput }: UsageBounds,
): boolean {
  const whole = [input, output, cacheRead, cacheWrite, reasoning].every(
    (tokens) => Number.isSafeInteger(tokens) && tokens >= 0,
  )
  const answered = content.reduce((bytes, part) => bytes + Buffer.byteLength(textOf(part)), 0)
  return (
    whole &&
    cacheRead + cacheWrite <= input &&
    input > 0 &&
    input >= size.atLeast / 2 &&
    input <= size.atMost &&
    output >= Math.floor(answered / mostBytesPerToken) &&
    (answered === 0 || output > 0) &&
    output <= mostOutput
  )
}

function textOf(part: AnswerPart): string {
  return part.kind === 'tool-call' ? part.tool + part.input : part.text
}
