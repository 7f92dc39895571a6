import type { Vocabulary } from '../evidence/index.ts'
import type { Candidate, CandidateOutcome, CoverageSpectrum, SourceFile } from '../model.ts'

/** What speaks for or against a plausible candidate, each 0 … 1. */
export interface Features {
  /** How early it was to be tried: suspicion × frequency of the template. */
  readonly prior: number
  /** 1 for a change of a few characters. */
  readonly small: number
  /** Share of the names it brings in that the file already uses. */
  readonly idiomatic: number
  /** Whether it brings in a name that the failing tests or the issue speak of. */
  readonly spoken: number
  /** Whether it only takes code away or makes a branch constant: right by accident more often than not. */
  readonly destructive: number
  /** Whether it puts another name, or the opposite, where one stood: such an edit passes by accident easily. */
  readonly accidental: number
  /** Whether it compares with, or returns, a literal that stands in the failing tests. */
  readonly overfitted: number
  /** Share of the other plausible candidates that change the same statement. */
  readonly agreed: number
  /** How well passing tests guard what it changes: 0 where none executes it, 1 where many do. */
  readonly guarded: number
  /** Whether it answers a crash with a test of what was missing. */
  readonly answersCrash: number
}

/** Measures one candidate among the plausible ones. */
export function featuresOf(
  candidate: Candidate,
  all: readonly CandidateOutcome[],
  sources: ReadonlyMap<string, SourceFile>,
  vocabulary: Vocabulary,
  spectrum: CoverageSpectrum | undefined,
): Features {
  const changes = candidate.edits.map((edit) => ({
    before: sources.get(edit.file)?.text.slice(edit.start, edit.end) ?? '',
    after: edit.replacement,
    text: sources.get(edit.file)?.text ?? '',
  }))
  const size = changes.reduce((sum, { before, after }) => sum + changedLength(before, after), 0)
  const brought = changes.flatMap(({ before, after, text }) =>
    newWords(before, after).map((word) => ({ word, known: new RegExp(`\\b${escaped(word)}\\b`).test(text) })),
  )
  return {
    prior: Math.min(1, candidate.prior),
    small: Math.exp(-size / 40),
    idiomatic: brought.length === 0 ? 0.5 : brought.filter(({ known }) => known).length / brought.length,
    spoken: Math.max(0, ...brought.map(({ word }) => vocabulary.names.get(word) ?? 0)),
    destructive: isDestructive(candidate, changes) ? 1 : 0,
    accidental: isAccidental(candidate, changes) ? 1 : 0,
    overfitted: isOverfitted(changes, vocabulary) ? 1 : 0,
    agreed: agreement(candidate, all),
    guarded: Math.min(1, Math.log2(1 + guardsOf(candidate, spectrum)) / 5),
    answersCrash:
      vocabulary.crashes.size > 0 && /^(?:guard|condition|nullish|type-check)\//.test(candidate.template)
        ? 1
        : 0,
  }
}

interface Change {
  readonly before: string
  readonly after: string
}

function changedLength(before: string, after: string): number {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1
  return before.length + after.length - 2 * (head + tail)
}

function newWords(before: string, after: string): readonly string[] {
  const had = new Set(before.match(/[A-Za-z_$][\w$]*/g))
  return [...new Set(after.match(/[A-Za-z_$][\w$]*/g))].filter(
    (word) =>
      !had.has(word) &&
      !/^(?:if|return|typeof|null|undefined|true|false|continue|break|throw|new|const|let|var)$/.test(word),
  )
}

const destructiveTemplates =
  /^(?:statement\/remove|condition\/drop-|argument\/remove|table\/remove-|operand\/(?:drop|one-branch)|nullish\/drop|nesting\/unwrap|comparator\/remove|literal\/edit)/

const accidentalTemplates =
  /^(?:substitution\/|operator\/(?:strict|assignment)|assignment\/(?:normalise|keep)|condition\/negate)/

/** Another relation, as `<` for `<=`, is what real faults look like; the opposite of one, or another junction, seldom. */
function isAccidental({ template }: Candidate, changes: readonly Change[]): boolean {
  if (template !== 'operator/replace') return accidentalTemplates.test(template)
  const relationsIn = (text: string): string => (text.match(/[<>]=?/g) ?? []).join()
  return changes.every(({ before, after }) => relationsIn(before) === relationsIn(after))
}

function isDestructive(candidate: Candidate, changes: readonly Change[]): boolean {
  if (destructiveTemplates.test(candidate.template)) return true
  return changes.every(({ before, after }) => after.trim() === '' && before.trim() !== '')
}

/** New literals that the tests hold and that are not the commonplace ones. */
function isOverfitted(changes: readonly Change[], vocabulary: Vocabulary): boolean {
  const strings = new Set(vocabulary.strings)
  return changes.some(({ before, after }) => {
    for (const match of after.matchAll(/[!=]==? (?:'([^']{2,})'|"([^"]{2,})"|(-?\d+))/g)) {
      const literal = match[1] ?? match[2] ?? match[3] ?? ''
      const isType = /^(?:string|number|boolean|object|function|undefined)$/.test(literal)
      if (isType || /^-?[01]$/.test(literal) || before.includes(literal)) continue
      if (strings.has(literal) || vocabulary.numbers.includes(Number(literal))) return true
    }
    return false
  })
}

function agreement(candidate: Candidate, all: readonly CandidateOutcome[]): number {
  const [edit] = candidate.edits
  if (edit === undefined || all.length < 2) return 0
  const near = all.filter(
    (other) =>
      other.candidate !== candidate &&
      other.candidate.edits.some(
        (one) => one.file === edit.file && Math.abs(other.candidate.line - candidate.line) <= 1,
      ),
  )
  return near.length / (all.length - 1)
}

/** How many passing tests execute what the candidate changes. */
function guardsOf({ edits }: Candidate, spectrum: CoverageSpectrum | undefined): number {
  const passing = spectrum?.tests.filter(({ outcome }) => outcome === 'passed') ?? []
  return passing.filter(({ covered }) =>
    edits.every(
      ({ file, start, end }) =>
        covered[file]?.some((range) => range.start <= end && start <= range.end) ?? false,
    ),
  ).length
}

function escaped(word: string): string {
  return word.replaceAll('$', '\\$')
}
