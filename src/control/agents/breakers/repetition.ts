/** Of an answer that is still arriving, only the end is looked at. */
const window = 6000
const leastRepeated = 1500
const leastTimes = 8

/**
 * Whether a text has fallen into an endless loop: it ends in one passage of any length, eight times or more, and at least
 * 1,500 characters of it. Ordinary code and tables do not. Linear in the window.
 */
export function repeatsEndlessly(text: string): boolean {
  const end = text.slice(-window)
  if (end.length < leastRepeated) return false
  // Failure function of Knuth, Morris and Pratt over the reversed end: for each suffix the shortest period in one pass.
  const reversed = Array.from({ length: end.length }, (_, index) => end.charCodeAt(end.length - 1 - index))
  const border = new Int32Array(reversed.length)
  for (let index = 1, matched = 0; index < reversed.length; index += 1) {
    while (matched > 0 && reversed[index] !== reversed[matched]) matched = border[matched - 1] ?? 0
    if (reversed[index] === reversed[matched]) matched += 1
    border[index] = matched
    const length = index + 1
    if (length >= leastRepeated && length / (length - matched) >= leastTimes) return true
  }
  return false
}

/** Watches an answer while it arrives; true as soon as it repeats itself endlessly. */
export function repetitionWatch(): (piece: string) => boolean {
  let end = ''
  let unseen = 0
  return (piece) => {
    end = (end + piece).slice(-window)
    unseen += piece.length
    if (unseen < leastRepeated / 3) return false
    unseen = 0
    return repeatsEndlessly(end)
  }
}
