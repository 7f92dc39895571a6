import type { Vocabulary } from '../evidence/index.ts'
import type { RepairProblem, SourceFile, Suspect } from '../model.ts'
import { buildTree, isParsable } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { importDistances } from './imports.ts'
import type { Outline } from './outline.ts'
import { rankUnits } from './rank-units.ts'
import type { RankingOptions } from './rank-units.ts'
import { unitOf, unitsOf } from './units.ts'
import type { SiteUnit } from './units.ts'

/** Where the fault may be: parsed suspicious files, and a score for every node of theirs. */
export interface Localisation {
  /** Most suspicious file first. */
  readonly trees: readonly SourceTree[]
  /** Most suspicious statement first. */
  readonly suspects: readonly Suspect[]
  suspicionOf(tree: SourceTree, site: Site): number
}

interface ScriptOutline extends Outline<SiteUnit> {
  readonly tree: SourceTree
}

/** Ranks the statements of JavaScript and TypeScript; see {@link rankUnits}. */
export function localise(
  problem: RepairProblem,
  vocabulary: Vocabulary,
  options: RankingOptions = {},
): Localisation {
  const outliner = { reads: isParsable, outline: outlineOf, importDistances }
  const { outlines, suspects, scores } = rankUnits(problem, vocabulary, outliner, options)
  const bySite = new Map([...scores].map(([unit, score]) => [unit.site, score]))
  return {
    trees: outlines.map(({ tree }) => tree),
    suspects,
    suspicionOf: (_tree, site) => bySite.get(unitOf(site)) ?? 0,
  }
}

function outlineOf(file: SourceFile): ScriptOutline | null {
  const tree = buildTree(file)
  if (tree === null) return null
  const { path, text } = tree
  return { path, text, tree, units: unitsOf(tree), lineOf: (offset) => tree.lineOf(offset) }
}
