import { termsOfWord, wordsOf } from '../words/terms.ts'

/** Numbers the terms of a file and counts them, for the file and for parts of it. */
export class TermCounter {
  readonly #indices = new Map<string, number>()
  /** Terms of words seen, so that a word that repeats is looked up once. */
  readonly #ofWord = new Map<string, readonly number[]>()
  readonly #frequencies: number[] = []

  /** Counts each occurrence in a text `weight` times towards the file. */
  add(
    text: string,
    weight: number,
  ): { readonly words: number; readonly counts: ReadonlyMap<number, number> } {
    const words = wordsOf(text)
    const counts = new Map<number, number>()
    for (const word of words)
      for (const index of this.#termsOf(word)) counts.set(index, (counts.get(index) ?? 0) + 1)
    for (const [index, count] of counts)
      this.#frequencies[index] = (this.#frequencies[index] ?? 0) + count * weight
    return { words: words.length, counts }
  }

  /** All terms, by number. */
  get terms(): readonly string[] {
    return [...this.#indices.keys()]
  }

  get frequencies(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#indices]
        .map(([term, index]) => [term, this.#frequencies[index] ?? 0] as const)
        .filter(([, frequency]) => frequency > 0),
    )
  }

  #termsOf(word: string): readonly number[] {
    const known = this.#ofWord.get(word)
    if (known !== undefined) return known
    const indices = termsOfWord(word).map((term) => {
      const index = this.#indices.get(term) ?? this.#indices.size
      this.#indices.set(term, index)
      return index
    })
    this.#ofWord.set(word, indices)
    return indices
  }
}
