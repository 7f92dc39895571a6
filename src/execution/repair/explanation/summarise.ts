import type { RepairAttempts, RepairOutcome, Suspect } from '../model.ts'

type EscalationReason = Extract<RepairOutcome, { kind: 'escalated' }>['reason']

/** What happened and what to do next, for somebody who has ten seconds. */
export function summarise(
  reason: EscalationReason,
  attempts: RepairAttempts,
  suspects: readonly Suspect[],
): string {
  const [first] = suspects
  const place = first === undefined ? '' : ` The most suspicious place is ${first.file}:${first.line}.`
  // With what was tried on top of half repairs it may be more than there were at first.
  const all = attempts.tried > attempts.generated ? '' : ` of ${attempts.generated}`
  const tried = `${attempts.tried}${all} edits were tried in ${Math.round(attempts.seconds)} s`
  switch (reason) {
    case 'no-suspect':
      return 'No source file that the failing tests execute could be found or parsed. Check that the tests load the code under repair.'
    case 'no-candidate':
      return `No edit is known for the suspicious places.${place} A person has to look.`
    case 'no-plausible':
      return `${tried}; none makes the failing tests pass.${place} The fix is probably larger than one or two small edits.`
    case 'refused':
      return `${tried}; ${attempts.plausible} made the failing tests pass, but the whole suite refused those it was asked about.${place} Look at the hints.`
    case 'unsure':
      return `${tried}; ${attempts.plausible} make the tests pass, but none is clearly what is meant. Choose among the hints.`
    case 'out-of-time':
      return `Time ran out: ${tried}.${place} More time or a narrower set of tests may help.`
    case 'cancelled':
      return `Cancelled after ${Math.round(attempts.seconds)} s: ${tried}.`
  }
}
