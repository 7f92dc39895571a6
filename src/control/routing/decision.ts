import { z } from 'zod'
import type { Classifier, Rule, RoutingPolicy, Tier } from './routing-file.ts'
import { countNames, countsOf, type WorkFacts } from './work-facts.ts'

export const routingDecisionSchema = z.object({
  /** In the order in which they are tried. */
  tiers: z.array(z.object({ name: z.string(), agent: z.string(), route: z.string().optional() })),
  /** Name of the rule that decided; null when none held. */
  rule: z.string().nullable(),
  /** How likely the work is difficult, 0 … 1. */
  difficulty: z.number(),
  /** Why it came out like this, a line each. */
  reasons: z.array(z.string()),
  policy: z.object({ version: z.int(), digest: z.string() }),
})
/** Who tries a piece of work, in which order, and why. */
export type RoutingDecision = z.infer<typeof routingDecisionSchema>

/** What a tier has done with work of a like difficulty. */
export interface TierRecord {
  readonly tier: string
  readonly attempts: number
  readonly solved: number
}

export interface RoutingSituation {
  readonly work: WorkFacts
  /** Why no model of a route may be used here; undefined when one may. */
  readonly unavailable: (route: string) => string | undefined
  /** Of work about as difficult as `difficulty`. */
  readonly records: (difficulty: number) => readonly TierRecord[]
}

/** Decides who tries the work, in which order. Pure: the same situation gives the same decision. */
export function decideRoute(policy: RoutingPolicy, situation: RoutingSituation): RoutingDecision {
  const { work } = situation
  const reasons: string[] = []
  const difficulty = difficultyOf(work, policy.classifier)
  const usable = policy.tiers.filter((tier) => isUsable(tier, situation, reasons))
  const rule = policy.rules.find((candidate) => candidate.holds(work))
  if (rule !== undefined) reasons.push(`rule ${rule.name}: ${rule.why}`)
  const first = usable.filter(
    ({ name, route }) => route === undefined && (rule === undefined || rule.keep.includes(name)),
  )
  const models = usable.filter(({ route }) => route !== undefined)
  const start =
    rule === undefined
      ? startByDifficulty(models, difficulty, policy.classifier, situation, reasons)
      : startByRule(models, rule, policy, reasons)
  const tiers = [...first, ...models.slice(start, start + policy.attempts)]
  if (tiers.length === 0) reasons.push('nobody is left who could try it: it goes to a person')
  return {
    tiers: tiers.map(({ name, agent, route }) => ({
      name,
      agent,
      ...(route === undefined ? {} : { route }),
    })),
    rule: rule?.name ?? null,
    difficulty: Math.round(difficulty * 1000) / 1000,
    reasons,
    policy: { version: policy.version, digest: policy.digest },
  }
}

/** How likely a piece of work is difficult, 0 … 1. */
function difficultyOf(work: WorkFacts, { bias, weights }: Classifier): number {
  const counts = countsOf(work)
  const sum = countNames.reduce(
    (total, name) => total + (weights[name] ?? 0) * Math.log1p(counts[name]),
    bias,
  )
  return 1 / (1 + Math.exp(-sum))
}

function isUsable(tier: Tier, { unavailable }: RoutingSituation, reasons: string[]): boolean {
  const why = tier.route === undefined ? undefined : unavailable(tier.route)
  if (why !== undefined) reasons.push(`tier ${tier.name} is left out: ${why}`)
  return why === undefined
}

/** The tier that the rule names, or the next larger one that may be used, or else the largest. */
function startByRule(
  models: readonly Tier[],
  { start }: Pick<Rule, 'start'>,
  { tiers }: RoutingPolicy,
  reasons: string[],
): number {
  const wanted = tiers.findIndex(({ name }) => name === start)
  const index = models.findIndex((tier) => tiers.indexOf(tier) >= wanted)
  const chosen = models.at(index)
  if (chosen !== undefined && chosen.name !== start)
    reasons.push(`${start} cannot be used, so it starts with ${chosen.name}`)
  return index < 0 ? Math.max(0, models.length - 1) : index
}

function startByDifficulty(
  models: readonly Tier[],
  difficulty: number,
  { trust, least }: Classifier,
  { records }: RoutingSituation,
  reasons: string[],
): number {
  const first = models.findIndex((tier) => difficulty <= tier.difficulty)
  let start = first < 0 ? Math.max(0, models.length - 1) : first
  const [, ...larger] = models.slice(start)
  const name = models[start]?.name
  if (name === undefined) return 0
  reasons.push(`difficulty ${difficulty.toFixed(2)}: models start with ${name}`)
  const known = new Map(records(difficulty).map((record) => [record.tier, record]))
  for (const next of larger) {
    const tier = models[start]
    const record = tier && known.get(tier.name)
    if (record === undefined || record.attempts < trust || record.solved / record.attempts >= least) break
    reasons.push(
      `${record.tier} has solved ${record.solved} of ${record.attempts} like this, so it starts with ${next.name}`,
    )
    start += 1
  }
  return start
}
