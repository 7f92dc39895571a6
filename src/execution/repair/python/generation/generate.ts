import { setImmediate } from 'node:timers/promises'

import type { Vocabulary } from '../../evidence/index.ts'
import { Collection, poolOf } from '../../generation/index.ts'
import type { CandidatePool } from '../../generation/index.ts'
import { Scopes } from '../syntax/index.ts'
import type { PythonNode, PythonTree } from '../syntax/index.ts'
import { conditionsFrom } from './conditions.ts'
import type { Condition } from './conditions.ts'
import { readFacts } from './file-facts.ts'
import { Pantry } from './ingredients.ts'
import { templates } from './registry.ts'
import type { FileContext } from './template.ts'

/** Nodes after which others get their turn: some milliseconds. */
const nodesPerBreath = 50

export interface GenerationOptions {
  /** Candidates kept at most, best first. */
  readonly most?: number
  /** Ends the enumeration early, with what there is. */
  readonly signal?: AbortSignal
}

/** Makes every edit that the templates know for the suspicious places, ordered by prior, without duplicates. */
export async function generate(
  trees: readonly PythonTree[],
  suspicionOf: (tree: PythonTree, node: PythonNode) => number,
  vocabulary: Vocabulary,
  options: GenerationOptions = {},
): Promise<CandidatePool> {
  const collection = new Collection<PythonTree>(options.most)
  for (const tree of trees) {
    const contextAt = contextsOf(tree, vocabulary)
    for (const node of tree.nodes) {
      if (node.id % nodesPerBreath === 0) await setImmediate()
      if (options.signal?.aborted === true) break
      const suspicion = suspicionOf(tree, node)
      if (!node.named || suspicion < collection.least) continue
      const context = contextAt(collection.least / suspicion)
      for (const template of templates) {
        for (const proposal of template.propose(node, context))
          collection.add(tree, template.name, proposal, Math.min(1, proposal.weight) * suspicion)
      }
    }
  }
  // Whether an edited file compiles is told by the worker, whose Python knows it best.
  return poolOf(collection.sorted(), () => true)
}

/** Contexts of one file share everything but the least weight. */
function contextsOf(tree: PythonTree, vocabulary: Vocabulary): (leastWeight: number) => FileContext {
  const scopes = new Scopes(tree)
  const facts = readFacts(tree)
  const pantry = new Pantry(tree, scopes, facts, vocabulary)
  const conditions = new Map<object, readonly Condition[]>()
  const shared = {
    tree,
    scopes,
    facts,
    vocabulary,
    ingredientsAt: (node: PythonNode) => pantry.at(node),
    conditionsAt(node: PythonNode) {
      const ingredients = pantry.at(node)
      const cached = conditions.get(ingredients)
      if (cached !== undefined) return cached
      const found = conditionsFrom(node, ingredients, facts, tree)
      conditions.set(ingredients, found)
      return found
    },
  }
  return (leastWeight) => ({ ...shared, leastWeight })
}
