import { plural } from '../../../kernel/index.ts'
import type { Language, Survey } from '../languages/index.ts'
import type {
  Candidate,
  Explanation,
  JudgedCandidate,
  RankedCandidate,
  RepairProblem,
  Suspect,
} from '../model.ts'

const shownTests = 20
const shownAlternatives = 8

/** Explains a repair in words, each sentence backed by what was seen. */
export function explain(
  ranked: RankedCandidate,
  problem: RepairProblem,
  language: Language,
  survey: Survey,
  alternatives: readonly JudgedCandidate[],
): Explanation {
  const { candidate } = ranked
  const faults = new Set(candidate.template.split(' + ').map((template) => faultOf(template, language)))
  const tests = problem.reproduction.failing.map((test) => test.id)
  return {
    fault: [...faults].join(' '),
    place: placeOf(candidate, problem, survey),
    remedy: `${capitalised(candidate.description)}.`,
    tests,
    evidence: [
      ...suspicionOf(candidate, survey.suspects),
      `With the change ${plural(tests.length, 'failing test')} that showed the fault ` +
        `${tests.length === 1 ? 'passes' : 'pass'}: ${tests.slice(0, shownTests).join('; ')}.`,
      'The project’s own test command passes on the changed tree.',
      ...ranked.reasons.map((reason) => `${capitalised(reason)}.`),
    ],
    considered: alternatives.slice(0, shownAlternatives).map((alternative) => {
      const [edit] = alternative.candidate.edits
      const verdict = {
        passed: 'the suite passes with it too, but it ranks lower',
        failed: 'the whole suite refuses it',
        unconfirmed: 'it ranks lower and was not put to the whole suite',
      }[alternative.confirmation]
      return `${edit?.file ?? ''}:${alternative.candidate.line}: ${alternative.candidate.description} — ${verdict}`
    }),
  }
}

function faultOf(template: string, language: Language): string {
  const family = template.split('/', 1)[0] ?? ''
  return language.faultOf(family) ?? 'The code does not do what the tests ask for.'
}

/** `lib/utils.js:67, in merge`. */
function placeOf(candidate: Candidate, problem: RepairProblem, survey: Survey): string {
  const places = candidate.edits.map((edit) => {
    const text = problem.sources.find(({ path }) => path === edit.file)?.text
    const line = text === undefined ? candidate.line : text.slice(0, edit.start).split('\n').length
    const name = survey.functionAt(edit.file, edit.start)
    const place = `${edit.file}:${line}`
    return name === null ? place : `${place}, in ${name}`
  })
  return [...new Set(places)].join(' and ')
}

function suspicionOf(candidate: Candidate, suspects: readonly Suspect[]): readonly string[] {
  const [edit] = candidate.edits
  const position = suspects.findIndex(
    (suspect) => suspect.file === edit?.file && suspect.start <= edit.start && edit.start <= suspect.end,
  )
  const suspect = suspects[position]
  if (suspect === undefined) return []
  const reasons = suspect.reasons.length === 0 ? '' : `: ${suspect.reasons.join('; ')}`
  return [`The place is number ${position + 1} of ${suspects.length} suspects${reasons}.`]
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
