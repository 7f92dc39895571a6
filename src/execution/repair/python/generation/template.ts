import type { Vocabulary } from '../../evidence/index.ts'
import type { Proposal } from '../../generation/index.ts'
import type { PythonNode, PythonTree, Scopes } from '../syntax/index.ts'
import type { Condition } from './conditions.ts'
import type { FileFacts } from './file-facts.ts'
import type { Ingredient } from './ingredients.ts'

/** What a template may look at besides the place itself. */
export interface FileContext {
  readonly tree: PythonTree
  readonly scopes: Scopes
  readonly facts: FileFacts
  readonly vocabulary: Vocabulary
  /** Expressions that can be read at a place, most relevant first. */
  ingredientsAt(node: PythonNode): readonly Ingredient[]
  /** Conditions that can be asked at a place, likeliest first. */
  conditionsAt(node: PythonNode): readonly Condition[]
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
  /** What is wrong with code that it repairs, as a sentence for people. */
  readonly fault: string
  propose(node: PythonNode, context: FileContext): Iterable<Proposal>
}
