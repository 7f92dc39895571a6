/**
 * Characters of code per token. The tokenisers of today's models average 3.2 to 4.2 over the languages indexed here, so
 * a budget is kept within some per cent for any of them.
 */
const charactersPerToken = 3.6

/** How many tokens a model will count for a text, about. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken)
}
