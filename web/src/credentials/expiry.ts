const dayMs = 86_400_000

/** When something ends, in words, and whether somebody should think of it: within the next week. */
export function endOf(time: string, now: number): { readonly words: string; readonly soon: boolean } {
  const days = Math.ceil((Date.parse(time) - now) / dayMs)
  if (days <= 0) return { words: 'has ended', soon: true }
  return { words: days === 1 ? 'within a day' : `in ${days} days`, soon: days <= 7 }
}
