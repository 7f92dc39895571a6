import type { SourceFile } from '../model.ts'

/** The smallest piece of code that is suspected as a whole, a statement mostly. */
export interface Unit {
  readonly start: number
  /** End of the unit's own text: a compound statement does not own its bodies. */
  readonly ownEnd: number
  /** Executed while the module loads, not by a call. */
  readonly atLoad: boolean
  /** Name of the function it stands in. */
  readonly functionName: string | null
}

/** What localisation has to know of a file, whatever its language. */
export interface Outline<U extends Unit = Unit> {
  readonly path: string
  readonly text: string
  /** In the order of the text. */
  readonly units: readonly U[]
  /** 1-based line of an offset. */
  lineOf(offset: number): number
}

/** How a language lets itself be localised in. */
export interface Outliner<O extends Outline> {
  /** Whether a file can be parsed at all, judged by its name. */
  reads(path: string): boolean
  /** Null if it cannot be parsed even tolerantly. */
  outline(file: SourceFile): O | null
  /**
   * How far sources are from the tests over imports, 1 for what a test imports itself. For use where no coverage could
   * be measured.
   */
  importDistances(tests: readonly SourceFile[], sources: readonly SourceFile[]): ReadonlyMap<string, number>
}
