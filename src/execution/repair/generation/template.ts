import type { Vocabulary } from '../evidence/index.ts'
import type { CodeStyle, Site, SourceTree } from '../syntax/index.ts'
import type { Proposal } from './collection.ts'
import type { FileFacts } from './file-facts.ts'
import type { Ingredient } from './ingredients.ts'
import type { ProjectFacts } from './project-facts.ts'

/** What a template may look at besides the place itself. */
export interface FileContext {
  readonly tree: SourceTree
  readonly style: CodeStyle
  readonly facts: FileFacts
  readonly project: ProjectFacts
  readonly vocabulary: Vocabulary
  /** Expressions that can be read at a place, most relevant first. */
  ingredientsAt(site: Site): readonly Ingredient[]
  /** Names that are visible at a place, `this` included where there is one. */
  namesAt(site: Site): ReadonlySet<string>
  /** Proposals under this weight are not worth making here: they would not be tried in time. */
  readonly leastWeight: number
}

/**
 * A family of edits. It is asked for every node of every suspicious file and yields proposals, whose weights are
 * comparable over all families: 1 for an edit that is right about as often as any at a faulty place, 0.01 for one that
 * needs luck. A template names only what is visible at the place and yields text that parses.
 */
export interface Template {
  /** Unique, and the name of its file. */
  readonly name: string
  /** What it repairs, in a sentence. */
  readonly about: string
  /** What is wrong with code that it repairs, as a sentence for people. */
  readonly fault: string
  propose(site: Site, context: FileContext): Iterable<Proposal>
}

export type { Proposal } from './collection.ts'
