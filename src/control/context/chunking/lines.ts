/** A text by its lines. Rows count from 0. */
export class Lines {
  readonly text: string
  readonly #starts: readonly number[]

  constructor(text: string) {
    this.text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    // What follows the last line break is a line only if there is something.
    if (starts.length > 1 && starts.at(-1) === text.length) starts.pop()
    this.#starts = starts
  }

  get count(): number {
    return this.#starts.length
  }

  /** The rows from `first` to `last`, with their line breaks. */
  slice(first: number, last: number): string {
    return this.text.slice(this.#starts[first] ?? this.text.length, this.#starts[last + 1])
  }

  /** Characters of the rows from `first` to `last`. */
  length(first: number, last: number): number {
    return (this.#starts[last + 1] ?? this.text.length) - (this.#starts[first] ?? this.text.length)
  }

  isBlank(row: number): boolean {
    return this.slice(row, row).trim() === ''
  }
}
