/** Where a text of the documentation comes from, and where the site has it. */
export interface Source {
  /** From the root of the package; relative links are read from here. Generated texts have one too. */
  readonly file: string
  /** Below the site, without a slash in front: `start`, or nothing for the first page. */
  readonly path: string
  read(): Promise<string>
}

export interface Heading {
  readonly id: string
  readonly depth: number
  readonly text: string
}

/** A part of a page that can be found by itself. */
export interface Passage {
  /** Undefined for what stands before the first heading. */
  readonly anchor: string | undefined
  readonly heading: string
  readonly text: string
}

/** A text as the site shows it. */
export interface Page {
  readonly title: string
  readonly content: string
  readonly headings: readonly Heading[]
  readonly passages: readonly Passage[]
  /** Every id that a link may lead to. */
  readonly anchors: ReadonlySet<string>
}
