import type { Escalation } from '../../../contracts/index.ts'
import { escalationMarkdown } from './escalation.ts'
import type { RunAgentOptions } from './options.ts'
import type { AgentOutcome } from './outcome.ts'
import { runAgent } from './run-agent.ts'

/** After so many attempts that failed a person decides, however many models there are. */
const mostAttempts = 3

export interface TiersOutcome {
  /** How the last attempt ended; its escalation holds what all of them tried. */
  readonly outcome: AgentOutcome
  readonly attempts: readonly Pick<AgentOutcome, 'kind' | 'route' | 'tier' | 'used' | 'escalation'>[]
}

/**
 * Lets the agent work at its first tier, and where it gets stuck or fails, at the next one: from the same tree, told as data
 * what was tried before, and within what is left of the same limits. Ends with a person after three attempts.
 *
 * Keys carry the tier, so that all of it can be run again from the record like {@link runAgent}.
 */
export async function runTiers(options: Omit<RunAgentOptions, 'usedBefore'>): Promise<TiersOutcome> {
  const attempts: AgentOutcome[] = []
  let tier = options.tier ?? 0
  for (;;) {
    const before = attempts.at(-1)
    const outcome = await runAgent({
      ...options,
      tier,
      key: `${options.key}:tier-${tier}`,
      brief: {
        ...options.brief,
        material: [
          ...options.brief.material,
          ...attempts.map(({ escalation, route }) => ({
            label: `an earlier attempt by ${route} that did not succeed`,
            text: escalationMarkdown(escalation),
          })),
        ],
      },
      ...(before === undefined ? {} : { usedBefore: before.used }),
    })
    attempts.push(outcome)
    if (outcome.next.kind === 'tier' && attempts.length < mostAttempts) {
      tier = outcome.next.tier
      continue
    }
    const next = outcome.next.kind === 'tier' ? { kind: 'person' as const } : outcome.next
    return {
      outcome: { ...outcome, next, escalation: together(attempts) },
      attempts: attempts.map(({ kind, route, tier: at, used, escalation }) => ({
        kind,
        route,
        tier: at,
        used,
        escalation,
      })),
    }
  }
}

/** One table of all attempts: the last word on the hypothesis, all that was tried. */
function together(attempts: readonly AgentOutcome[]): Escalation {
  const last = attempts.at(-1)?.escalation
  return {
    hypothesis: last?.hypothesis ?? '',
    failingTests: last?.failingTests ?? [],
    attempts: attempts.flatMap(({ escalation, route }) =>
      escalation.attempts.map(({ what, result }) => ({
        what: attempts.length === 1 ? what : `${route}: ${what}`,
        result,
      })),
    ),
    suspects: unique(attempts.flatMap(({ escalation }) => escalation.suspects)),
    hints: attempts.flatMap(({ escalation }) => escalation.hints),
  }
}

function unique(suspects: Escalation['suspects']): Escalation['suspects'] {
  return [...new Map(suspects.map((suspect) => [suspect.place, suspect])).values()]
}
