import type { Vocabulary } from '../evidence/index.ts'
import type { CoverageSpectrum, RecentChange, RepairProblem, SourceFile, Suspect } from '../model.ts'
import { wordsOf } from '../syntax/index.ts'
import { ochiai } from './formulas.ts'
import type { SpectrumCounts, SuspicionFormula } from './formulas.ts'
import { sourceFrames } from './frames.ts'
import type { SourceFrame } from './frames.ts'
import type { Outline, Outliner, Unit } from './outline.ts'
import { countCoverage } from './spectrum.ts'

export interface RankingOptions {
  readonly formula?: SuspicionFormula
  /** Files parsed at most. */
  readonly files?: number
}

/** Suspicious files, and a score for each unit of theirs. */
export interface RankedUnits<O extends Outline> {
  /** Most suspicious file first. */
  readonly outlines: readonly O[]
  /** Most suspicious first. */
  readonly suspects: readonly Suspect[]
  /** 0 … 1 by unit. */
  readonly scores: ReadonlyMap<O['units'][number], number>
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
export function rankUnits<O extends Outline>(
  problem: RepairProblem,
  vocabulary: Vocabulary,
  language: Outliner<O>,
  options: RankingOptions = {},
): RankedUnits<O> {
  const formula = options.formula ?? ochiai
  const spectrum = usable(problem)
  const reported = problem.reportedStack === undefined ? [] : [{ stack: problem.reportedStack }]
  const frames = sourceFrames(
    [...problem.reproduction.failing, ...reported],
    problem.sources.map((source) => source.path),
  )
  const outlines = suspiciousFiles(problem, spectrum, frames, language)
    .slice(0, options.files ?? 80)
    .flatMap((file) => language.outline(file) ?? [])
  const words = wordWeights(outlines, vocabulary)
  const scored = outlines.flatMap((outline) => scoreFile(outline, problem, spectrum, formula, frames, words))
  const highest = scored.reduce((most, unit) => Math.max(most, unit.score), 0)
  const scores = new Map<O['units'][number], number>()
  for (const { unit, score } of scored) scores.set(unit, highest === 0 ? 0 : score / highest)
  const suspects = scored
    .filter(({ score }) => score > 0)
    .sort(
      (left, right) =>
        right.score - left.score || left.path.localeCompare(right.path) || left.unit.start - right.unit.start,
    )
    .map(({ unit, path, line, score, reasons }): Suspect => {
      return { file: path, start: unit.start, end: unit.ownEnd, line, score: score / highest, reasons }
    })
  return { outlines: orderedByBest(outlines, scores), suspects, scores }
}

interface ScoredUnit {
  readonly unit: Unit
  readonly path: string
  readonly line: number
  readonly score: number
  readonly reasons: readonly string[]
}

function scoreFile(
  outline: Outline,
  problem: RepairProblem,
  spectrum: CoverageSpectrum | undefined,
  formula: SuspicionFormula,
  frames: readonly SourceFrame[],
  words: ReadonlyMap<string, number>,
): readonly ScoredUnit[] {
  const { path, units } = outline
  const counts = spectrum === undefined ? null : countCoverage(path, units, spectrum)
  const own = frames.filter((frame) => frame.file === path)
  const changes = (problem.recentChanges ?? []).filter((change) => change.file === path)
  return units.map((unit, index) => {
    const reasons: string[] = []
    const base = baseScore(unit, counts?.[index], formula, reasons)
    const line = outline.lineOf(unit.start)
    const frame = frameScore(line, outline.lineOf(unit.ownEnd), own, reasons)
    const spoken = wordScore(outline, unit, words, reasons)
    const recent = recentScore(outline, unit, changes, reasons)
    const factor = 1 + influence.frame * frame + influence.words * spoken + influence.recent * recent
    // A frame proves that the line ran, whatever the spectrum missed.
    return { unit, path, line, score: Math.max(base, frame * 0.2) * factor, reasons }
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
function wordWeights(outlines: readonly Outline[], vocabulary: Vocabulary): ReadonlyMap<string, number> {
  const frequency = new Map<string, number>()
  let total = 0
  for (const outline of outlines) {
    for (const unit of outline.units) {
      total += 1
      for (const word of wordsOfUnit(outline, unit)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
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
  outline: Outline,
  unit: Unit,
  words: ReadonlyMap<string, number>,
  reasons: string[],
): number {
  const hits: { readonly word: string; readonly weight: number }[] = []
  for (const word of wordsOfUnit(outline, unit)) {
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

function wordsOfUnit(outline: Outline, unit: Unit): ReadonlySet<string> {
  const text = outline.text.slice(unit.start, Math.min(unit.ownEnd, unit.start + 2_000))
  return new Set(wordsOf(`${text} ${unit.functionName ?? ''}`))
}

function recentScore(
  outline: Outline,
  unit: Unit,
  changes: readonly RecentChange[],
  reasons: string[],
): number {
  const first = outline.lineOf(unit.start)
  const last = outline.lineOf(unit.ownEnd)
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
  language: Pick<Outliner<Outline>, 'reads' | 'importDistances'>,
): readonly SourceFile[] {
  const sources = problem.sources.filter(
    (source) => language.reads(source.path) && source.text.length < mostCharacters,
  )
  const named = new Set(frames.map((frame) => frame.file))
  const executed = spectrum === undefined ? null : failingCoverage(spectrum)
  const distances = executed === null ? language.importDistances(problem.tests, sources) : null
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

function orderedByBest<O extends Outline>(
  outlines: readonly O[],
  scores: ReadonlyMap<Unit, number>,
): readonly O[] {
  const best = (outline: O): number =>
    outline.units.reduce((most, unit) => Math.max(most, scores.get(unit) ?? 0), 0)
  return outlines
    .map((outline) => ({ outline, score: best(outline) }))
    .sort((left, right) => right.score - left.score)
    .map(({ outline }) => outline)
}
