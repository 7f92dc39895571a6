import { wordsOf } from '../syntax/index.ts'

/**
 * How alike two names are, 0 … 1: shared words count (`startIndex`, `endIndex`), and so does a short edit distance
 * (`subject`, `object`).
 */
export function namesAlike(left: string, right: string): number {
  if (left === right) return 1
  const leftWords = new Set(wordsOf(left))
  const rightWords = new Set(wordsOf(right))
  const shared = [...leftWords].filter((word) => rightWords.has(word)).length
  const words = shared === 0 ? 0 : shared / Math.max(leftWords.size, rightWords.size)
  const longest = Math.max(left.length, right.length)
  if (longest > 30) return words
  const letters = 1 - editDistance(left, right) / longest
  return Math.max(words, letters > 0.5 ? letters : 0)
}

/** Levenshtein distance over UTF-16 code units. */
export function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      const insertion = (current[column - 1] ?? 0) + 1
      const deletion = (previous[column] ?? 0) + 1
      current.push(Math.min(substitution, insertion, deletion))
    }
    previous = current
  }
  return previous[right.length] ?? 0
}
