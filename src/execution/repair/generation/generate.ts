import { setImmediate } from 'node:timers/promises'

import type { Vocabulary } from '../evidence/index.ts'
import type { Localisation } from '../localisation/index.ts'
import type { Candidate } from '../model.ts'
import { styleOf } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { Admission } from './admission.ts'
import { readFacts } from './file-facts.ts'
import { Pantry } from './ingredients.ts'
import { gatherProjectFacts } from './project-facts.ts'
import type { ProjectFacts } from './project-facts.ts'
import { templates as allTemplates } from './registry.ts'
import type { FileContext, Proposal, Template } from './template.ts'

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

/** All candidates in the order in which they should be tried. */
export interface CandidatePool {
  readonly size: number
  /** The next candidates that parse, at most `count`; fewer or none at the end. */
  take(count: number): readonly Candidate[]
}

/** Proposals are enumerated down to this prior at most; further up where there are more than can be tried. */
const leastPrior = 0.003

/** More than can be tried in minutes. */
const mostCandidates = 60_000

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
  let position = 0
  let id = 0
  return {
    size: drafts.length,
    take(count) {
      const taken: Candidate[] = []
      while (taken.length < count && position < drafts.length) {
        const draft = drafts[position]
        position += 1
        if (draft === undefined) continue
        const { tree, proposal } = draft
        const edit = {
          file: tree.path,
          start: proposal.start,
          end: proposal.end,
          replacement: proposal.replacement,
        }
        if (!admission.parses(tree, edit)) continue
        id += 1
        taken.push({
          id,
          edits: [edit],
          template: `${draft.template}/${proposal.variant}`,
          prior: draft.prior,
          line: tree.lineOf(proposal.start),
          description: proposal.description,
        })
      }
      return taken
    },
  }
}

interface Draft {
  readonly tree: SourceTree
  readonly template: string
  readonly proposal: Proposal
  readonly prior: number
  /** Order of enumeration, for determinism. */
  readonly order: number
}

async function enumerate(
  localisation: Localisation,
  vocabulary: Vocabulary,
  options: GenerationOptions,
): Promise<Draft[]> {
  const { trees } = localisation
  const facts = trees.map((tree) => readFacts(tree))
  const project = gatherProjectFacts(trees, facts, vocabulary)
  const collection = new Collection(options.most ?? mostCandidates, options.leastPrior ?? leastPrior)
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

/** Keeps the best drafts, one for each change of the text. */
class Collection {
  private readonly most: number
  private readonly drafts = new Map<string, Draft>()
  private order = 0
  /** What has a lower prior will not be kept. */
  least: number

  constructor(most: number, least: number) {
    this.most = most
    this.least = least
  }

  add(tree: SourceTree, template: string, proposal: Proposal, prior: number): void {
    if (prior < this.least) return
    const key = identity(tree, proposal)
    if (key === null) return
    const known = this.drafts.get(key)
    if (known !== undefined && known.prior >= prior) return
    this.order += 1
    this.drafts.set(key, { tree, template, proposal, prior, order: this.order })
    if (this.drafts.size >= this.most * 2) this.prune()
  }

  sorted(): Draft[] {
    const drafts = [...this.drafts.values()].sort(byPrior)
    drafts.length = Math.min(drafts.length, this.most)
    return drafts
  }

  private prune(): void {
    const priors = Float64Array.from(this.drafts.values(), (draft) => draft.prior).sort()
    this.least = Math.max(this.least, priors[priors.length - this.most] ?? 0)
    for (const [key, draft] of this.drafts) if (draft.prior < this.least) this.drafts.delete(key)
  }
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

/** The change itself, however it is written: without what the old and the new text have in common. Null for none. */
function identity({ path, text }: SourceTree, { start, end, replacement }: Proposal): string | null {
  const old = text.slice(start, end)
  if (old === replacement) return null
  const most = Math.min(old.length, replacement.length)
  let tail = 0
  while (tail < most && old[old.length - 1 - tail] === replacement[replacement.length - 1 - tail]) tail += 1
  let head = 0
  while (head < most - tail && old[head] === replacement[head]) head += 1
  let [from, to, added] = [start + head, end - tail, replacement.slice(head, replacement.length - tail)]
  // What is only added or only removed may stand at several places with the same outcome: the first of them.
  while (from > 0 && added !== '' && from === to && text[from - 1] === added.at(-1)) {
    added = `${text[from - 1]}${added.slice(0, -1)}`
    from = to = from - 1
  }
  while (from > 0 && added === '' && from < to && text[from - 1] === text[to - 1]) {
    from -= 1
    to -= 1
  }
  return [path, from, to, added].join('\0')
}

function byPrior(left: Draft, right: Draft): number {
  return right.prior - left.prior || left.order - right.order
}
