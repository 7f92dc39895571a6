import { setImmediate } from 'node:timers/promises'

import type { Vocabulary } from '../evidence/index.ts'
import type { Localisation } from '../localisation/index.ts'
import { styleOf } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { Admission } from './admission.ts'
import { Collection, poolOf } from './collection.ts'
import type { CandidatePool, Draft } from './collection.ts'
import { readFacts } from './file-facts.ts'
import { Pantry } from './ingredients.ts'
import { gatherProjectFacts } from './project-facts.ts'
import type { ProjectFacts } from './project-facts.ts'
import { templates as allTemplates } from './registry.ts'
import type { FileContext, Template } from './template.ts'

/** Nodes after which others get their turn: some milliseconds. */
const sitesPerBreath = 50

export interface GenerationOptions {
  readonly templates?: readonly Template[]
  /** Candidates kept at most, best first. */
  readonly most?: number
  /** Edits with a lower prior are not made. */
  readonly leastPrior?: number
  /** Ends the enumeration early, with what there is. */
  readonly signal?: AbortSignal
}

/**
 * Makes every edit that the templates know for the suspicious places, ordered by prior, without duplicates. Lets other
 * work in between: enumeration takes seconds.
 */
export async function generate(
  localisation: Localisation,
  vocabulary: Vocabulary,
  options: GenerationOptions = {},
): Promise<CandidatePool> {
  const drafts = await enumerate(localisation, vocabulary, options)
  const admission = new Admission()
  return poolOf(drafts, (tree, edit) => admission.parses(tree, edit))
}

async function enumerate(
  localisation: Localisation,
  vocabulary: Vocabulary,
  options: GenerationOptions,
): Promise<Draft<SourceTree>[]> {
  const { trees } = localisation
  const facts = trees.map((tree) => readFacts(tree))
  const project = gatherProjectFacts(trees, facts, vocabulary)
  const collection = new Collection<SourceTree>(options.most, options.leastPrior)
  const templates = options.templates ?? allTemplates
  for (const [index, tree] of trees.entries()) {
    const own = facts[index]
    if (own === undefined) continue
    const contextAt = fileContexts(tree, own, project, vocabulary)
    for (const site of tree.sites) {
      const suspicion = localisation.suspicionOf(tree, site)
      if (suspicion < collection.least) continue
      if (site.id % sitesPerBreath === 0) await setImmediate()
      if (options.signal?.aborted === true) return collection.sorted()
      const context = contextAt(collection.least / suspicion)
      for (const template of templates) {
        for (const proposal of template.propose(site, context)) {
          collection.add(tree, template.name, proposal, Math.min(1, proposal.weight) * suspicion)
        }
      }
    }
  }
  return collection.sorted()
}

/** Contexts of one file share everything but the least weight. */
function fileContexts(
  tree: SourceTree,
  facts: FileContext['facts'],
  project: ProjectFacts,
  vocabulary: Vocabulary,
): (leastWeight: number) => FileContext {
  const pantry = new Pantry(tree, vocabulary, facts.shapes)
  const names = new WeakMap<object, ReadonlySet<string>>()
  const shared = {
    tree,
    style: styleOf(tree),
    facts,
    project,
    vocabulary,
    ingredientsAt: (site: Site) => pantry.at(site),
    namesAt(site: Site) {
      const ingredients = pantry.at(site)
      const cached = names.get(ingredients)
      if (cached !== undefined) return cached
      const visible = new Set(ingredients.map((ingredient) => ingredient.root))
      names.set(ingredients, visible)
      return visible
    },
  }
  return (leastWeight) => ({ ...shared, leastWeight })
}
