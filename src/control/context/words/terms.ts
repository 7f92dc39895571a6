/** Identifiers and numbers of several digits; letters of any script. */
const wordPattern = /[\p{L}_$][\p{L}\p{N}_$]*/gu
/** The same for text of which every character is ASCII, several times as fast. */
const asciiWordPattern = /[A-Za-z_$][\w$]*/g
const beyondAscii = /[\u0080-\uffff]/
/** Where an identifier is split: before a capital after a small letter or digit, and before the last of several capitals. */
const humps = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u

/** The same for ASCII, and words that have nothing to split: most of what a file consists of. */
const asciiHumps = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/
const plainWord = /^[a-z]+$/

const longestTerm = 40
/** Identifiers repeat; what was split once is looked up. Emptied when full, so that hostile text cannot fill the memory. */
const splitWords = new Map<string, readonly string[]>()
const splitWordsMax = 100_000

/**
 * The terms under which an identifier is found: its words in small letters without inflection and, of several words,
 * the whole too. `parseDates` → `pars`, `dat`, `parsedat`.
 */
export function termsOfWord(word: string): readonly string[] {
  const known = splitWords.get(word)
  if (known !== undefined) return known
  const terms = splitWord(word)
  if (splitWords.size >= splitWordsMax) splitWords.clear()
  splitWords.set(word, terms)
  return terms
}

function splitWord(word: string): readonly string[] {
  if (plainWord.test(word))
    return word.length > 1 && word.length <= longestTerm ? [withoutInflection(word)] : []
  const between = beyondAscii.test(word) ? humps : asciiHumps
  const parts = word
    .split(/[_$]+/)
    .flatMap((part) => part.split(between))
    .map((part) => part.toLowerCase())
    .filter((part) => part.length > 1 && part.length <= longestTerm)
  const terms = parts.map(withoutInflection)
  const whole = joinedTerm(parts)
  if (parts.length > 1 && whole.length <= longestTerm) terms.push(whole)
  return terms
}

/** The one term for several words written together. */
export function joinedTerm(parts: readonly string[]): string {
  return withoutInflection(parts.join('').toLowerCase())
}

/** The words of a text as they stand, in order. */
export function wordsOf(text: string): readonly string[] {
  return text.match(beyondAscii.test(text) ? wordPattern : asciiWordPattern) ?? []
}

/** Terms of a text without repetition. */
export function termSet(text: string): ReadonlySet<string> {
  return new Set(wordsOf(text).flatMap(termsOfWord))
}

/** Plural, `-ing`, `-ed` and a final `e` removed: both sides are treated alike, so a crude stem does no harm. */
function withoutInflection(word: string): string {
  let stem = word
  if (stem.length > 4 && stem.endsWith('ies')) stem = `${stem.slice(0, -3)}y`
  else if (stem.length > 3 && stem.endsWith('s') && !/(?:ss|us|is)$/.test(stem)) stem = stem.slice(0, -1)
  if (stem.length > 6 && stem.endsWith('ing')) stem = stem.slice(0, -3)
  else if (stem.length > 5 && stem.endsWith('ed')) stem = stem.slice(0, -2)
  return stem.length > 3 && stem.endsWith('e') ? stem.slice(0, -1) : stem
}
