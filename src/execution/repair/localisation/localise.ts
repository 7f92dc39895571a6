import type { Vocabulary } from '../evidence/index.ts'
import type { CoverageSpectrum, RecentChange, RepairProblem, SourceFile, Suspect } from '../model.ts'
import { buildTree, functionOf, isParsable, nameOf, wordsOf } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { ochiai } from './formulas.ts'
import type { SpectrumCounts, SuspicionFormula } from './formulas.ts'
import { sourceFrames } from './frames.ts'
import type { SourceFrame } from './frames.ts'
import { importDistances } from './imports.ts'
import { countCoverage } from './spectrum.ts'
import { unitOf, unitsOf } from './units.ts'
import type { Unit } from './units.ts'

/** Where the fault may be: parsed suspicious files, and a score for every node of theirs. */
export interface Localisation {
  /** Most suspicious file first. */
  readonly trees: readonly SourceTree[]
  /** Most suspicious statement first. */
  readonly suspects: readonly Suspect[]
  /** 0 … 1; 0 for what no failing test executes. */
  suspicionOf(tree: SourceTree, site: Site): number
}

export interface LocalisationOptions {
  readonly formula?: SuspicionFormula
  /** Files parsed at most. */
  readonly files?: number
}

/** How much each source of evidence can multiply the spectrum's score. */
const influence = { frame: 3, words: 1.5, recent: 0.5 } as const

/** Softens the spectrum: a fault often stands in code that most passing tests execute too. */
const spectrumExponent = 0.6

/** Larger files are bundles or data. */
const mostCharacters = 1_000_000

/** Code that runs while modules load belongs to every test, and is seldom at fault. */
const atLoadFactor = 0.35

/** Ranks statements by how likely they hold the fault: spectrum × stack frames × words × recent changes. */
export function localise(
  problem: RepairProblem,
  vocabulary: Vocabulary,
  options: LocalisationOptions = {},
): Localisation {
  const formula = options.formula ?? ochiai
  const spectrum = usable(problem)
  const reported = problem.reportedStack === undefined ? [] : [{ stack: problem.reportedStack }]
  const frames = sourceFrames(
    [...problem.reproduction.failing, ...reported],
    problem.sources.map((source) => source.path),
  )
  const trees = suspiciousFiles(problem, spectrum, frames)
    .slice(0, options.files ?? 80)
    .flatMap((file) => buildTree(file) ?? [])
  const words = wordWeights(trees, vocabulary)
  const scored = trees.flatMap((tree) => scoreFile(tree, problem, spectrum, formula, frames, words))
  const highest = scored.reduce((most, unit) => Math.max(most, unit.score), 0)
  const scores = new Map<Site, number>()
  for (const unit of scored) scores.set(unit.site, highest === 0 ? 0 : unit.score / highest)
  const suspects = scored
    .filter((unit) => unit.score > 0)
    .sort(
      (left, right) =>
        right.score - left.score || left.path.localeCompare(right.path) || left.start - right.start,
    )
    .map((unit): Suspect => {
      const { path, start, end, line, reasons } = unit
      return { file: path, start, end, line, score: unit.score / highest, reasons }
    })
  return {
    trees: orderedByBest(trees, scores),
    suspects,
    suspicionOf: (_tree, site) => scores.get(unitOf(site)) ?? 0,
  }
}

interface ScoredUnit {
  readonly site: Site
  readonly path: string
  readonly start: number
  readonly end: number
  readonly line: number
  readonly score: number
  readonly reasons: readonly string[]
}

function scoreFile(
  tree: SourceTree,
  problem: RepairProblem,
  spectrum: CoverageSpectrum | undefined,
  formula: SuspicionFormula,
  frames: readonly SourceFrame[],
  words: ReadonlyMap<string, number>,
): readonly ScoredUnit[] {
  const units = unitsOf(tree)
  const counts = spectrum === undefined ? null : countCoverage(tree.path, units, spectrum)
  const own = frames.filter((frame) => frame.file === tree.path)
  const changes = (problem.recentChanges ?? []).filter((change) => change.file === tree.path)
  return units.map((unit, index) => {
    const reasons: string[] = []
    const base = baseScore(unit, counts?.[index], formula, reasons)
    const line = tree.lineOf(unit.site.start)
    const frame = frameScore(line, tree.lineOf(unit.ownEnd), own, reasons)
    const spoken = wordScore(tree, unit, words, reasons)
    const recent = recentScore(tree, unit, changes, reasons)
    const factor = 1 + influence.frame * frame + influence.words * spoken + influence.recent * recent
    // A frame proves that the line ran, whatever the spectrum missed.
    const score = Math.max(base, frame * 0.2) * factor
    return {
      site: unit.site,
      path: tree.path,
      start: unit.site.start,
      end: unit.ownEnd,
      line,
      score,
      reasons,
    }
  })
}

function baseScore(
  unit: Unit,
  counts: SpectrumCounts | undefined,
  formula: SuspicionFormula,
  reasons: string[],
): number {
  const factor = unit.atLoad ? atLoadFactor : 1
  if (counts === undefined) return 0.3 * factor
  if (counts.failedCovering === 0) return 0
  reasons.push(
    `executed by ${counts.failedCovering} of ${counts.failed} failing and ` +
      `${counts.passedCovering} of ${counts.passed} passing tests`,
  )
  return formula(counts) ** spectrumExponent * factor
}

function frameScore(
  line: number,
  lastLine: number,
  frames: readonly SourceFrame[],
  reasons: string[],
): number {
  let best: SourceFrame | undefined
  for (const frame of frames) {
    if (
      frame.line >= line &&
      frame.line <= lastLine &&
      frame.depth < (best?.depth ?? Number.POSITIVE_INFINITY)
    ) {
      best = frame
    }
  }
  if (best === undefined) return 0
  reasons.push(best.depth === 0 ? 'the error was thrown here' : `in the stack, ${best.depth} calls up`)
  return 0.6 ** best.depth
}

/** Words of the vocabulary, weighted by how rare they are in the suspicious files. */
function wordWeights(trees: readonly SourceTree[], vocabulary: Vocabulary): ReadonlyMap<string, number> {
  const frequency = new Map<string, number>()
  let total = 0
  for (const tree of trees) {
    for (const unit of unitsOf(tree)) {
      total += 1
      for (const word of wordsOfUnit(tree, unit)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
    }
  }
  const weights = new Map<string, number>()
  for (const [word, weight] of vocabulary.words) {
    const seen = frequency.get(word)
    if (seen !== undefined) weights.set(word, weight * Math.log(1 + total / seen))
  }
  return weights
}

function wordScore(
  tree: SourceTree,
  unit: Unit,
  words: ReadonlyMap<string, number>,
  reasons: string[],
): number {
  const hits: { readonly word: string; readonly weight: number }[] = []
  for (const word of wordsOfUnit(tree, unit)) {
    const weight = words.get(word)
    if (weight !== undefined) hits.push({ word, weight })
  }
  if (hits.length === 0) return 0
  hits.sort((left, right) => right.weight - left.weight)
  const sum = hits.reduce((most, hit) => most + hit.weight, 0)
  reasons.push(
    `speaks of ${hits
      .slice(0, 3)
      .map((hit) => hit.word)
      .join(', ')}`,
  )
  return 1 - Math.exp(-sum / 12)
}

function wordsOfUnit(tree: SourceTree, unit: Unit): ReadonlySet<string> {
  const around = functionOf(unit.site)
  const name = around === null ? null : nameOf(around, tree)
  const text = tree.text.slice(unit.site.start, Math.min(unit.ownEnd, unit.site.start + 2_000))
  return new Set(wordsOf(`${text} ${name ?? ''}`))
}

function recentScore(
  tree: SourceTree,
  unit: Unit,
  changes: readonly RecentChange[],
  reasons: string[],
): number {
  const first = tree.lineOf(unit.site.start)
  const last = tree.lineOf(unit.ownEnd)
  let youngest = Number.POSITIVE_INFINITY
  for (const change of changes) {
    if (change.startLine <= last && first <= change.endLine) {
      youngest = Math.min(youngest, change.commitsAgo)
    }
  }
  if (youngest === Number.POSITIVE_INFINITY) return 0
  reasons.push(youngest === 0 ? 'changed by the latest commit' : `changed ${youngest} commits ago`)
  return 1 / (1 + youngest / 3)
}

/** Files worth parsing: executed by failing tests, or named in stacks; without coverage, what the tests import. */
function suspiciousFiles(
  problem: RepairProblem,
  spectrum: CoverageSpectrum | undefined,
  frames: readonly SourceFrame[],
): readonly SourceFile[] {
  const sources = problem.sources.filter(
    (source) => isParsable(source.path) && source.text.length < mostCharacters,
  )
  const named = new Set(frames.map((frame) => frame.file))
  const executed = spectrum === undefined ? null : failingCoverage(spectrum)
  const distances = executed === null ? importDistances(problem.tests, sources) : null
  const relevance = (file: SourceFile): number => {
    if (named.has(file.path)) return 1_000
    if (executed !== null) return executed.get(file.path) ?? 0
    if (distances === null || distances.size === 0) return 1
    return 100 / (distances.get(file.path) ?? Number.POSITIVE_INFINITY)
  }
  return sources
    .map((file) => ({ file, value: relevance(file) }))
    .filter(({ value }) => value > 0)
    .sort((left, right) => right.value - left.value || left.file.path.localeCompare(right.file.path))
    .map(({ file }) => file)
}

/** By file: how many failing tests loaded it, counted twice where they executed something of it. */
function failingCoverage(spectrum: CoverageSpectrum): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const test of spectrum.tests) {
    if (test.outcome !== 'failed') continue
    for (const [file, ranges] of Object.entries(test.covered)) {
      counts.set(file, (counts.get(file) ?? 0) + (ranges.length > 0 ? 2 : 1))
    }
  }
  return counts
}

/** A spectrum in which no failing test executed any source says nothing: the code may run in processes of its own. */
function usable({ spectrum, sources }: RepairProblem): CoverageSpectrum | undefined {
  const known = new Set(sources.map(({ path }) => path))
  const says = spectrum?.tests.some(
    (test) => test.outcome === 'failed' && Object.keys(test.covered).some((path) => known.has(path)),
  )
  return says === true ? spectrum : undefined
}

function orderedByBest(
  trees: readonly SourceTree[],
  scores: ReadonlyMap<Site, number>,
): readonly SourceTree[] {
  const best = (tree: SourceTree): number =>
    tree.sites.reduce((most, site) => Math.max(most, scores.get(site) ?? 0), 0)
  return trees
    .map((tree) => ({ tree, score: best(tree) }))
    .sort((left, right) => right.score - left.score)
    .map(({ tree }) => tree)
}
