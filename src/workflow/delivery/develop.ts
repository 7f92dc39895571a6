import type { Tool } from '../../contracts/index.ts'
import {
  type AgentOutcome,
  type AgentUsage,
  requireAgent,
  requireModelAgent,
} from '../../control/agents/index.ts'
import type { StepInvocation } from '../../engine/index.ts'
import { seededIdentities } from '../../governance/identity/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { actorFor } from './acting.ts'
import { developerBrief } from './developer-brief.ts'
import { type DevelopmentInput, developmentInputSchema } from './development-input.ts'
import {
  cameTo,
  describeChange,
  escalationOf,
  type Tier,
  type Try,
  viewAttempt,
} from './development-report.ts'
import type { DevelopmentResult } from './development-result.ts'
import { type Played, runModelAgent } from './model-agent.ts'
import { runProgramAgent } from './program-agent.ts'
import type { SelectOutput } from './select.ts'
import type { DeliveryServices } from './services.ts'
import { noteAttempt } from './tier-attempts.ts'

type Asks = Extract<Played, { kind: 'asks' }>
type Developed = { readonly kind: 'ended'; readonly result: DevelopmentResult } | Asks

/**
 * Has an agent do the work, with the tiers of models that routing decided on, one after the other: a tier has solved it
 * when the studio's own verification accepts the change. Everything is an act with a key, so that after a crash, or when
 * a person has answered, the work goes on from the record.
 */
export async function develop(services: DeliveryServices, step: StepInvocation): Promise<Developed> {
  const input = developmentInputSchema.parse(step.with)
  const tiers = input.decision.tiers.flatMap(({ name, agent, route }) =>
    route === undefined ? [] : [{ name, agent, route }],
  )
  const tries: Try[] = []
  const ended = (result: DevelopmentResult): Developed => ({ kind: 'ended', result })
  for (const tier of tiers) {
    const one = await tryTier(services, step, input, tier, tries.at(-1)?.outcome)
    if (one.kind === 'asks') return one
    tries.push(one)
    await noteAttempt(services, step, input.decision, one.attempt)
    if (one.judged?.chosen != null)
      return ended({
        outcome: 'changed',
        ...describeChange(one.outcome, one.judged.chosen),
        attempts: tries.map(viewAttempt),
      })
    if (one.outcome.kind === 'asks-person' || endsAll(one.outcome)) break
  }
  const escalation = escalationOf(tries, input)
  return ended({ outcome: 'escalated', escalation, attempts: tries.map(viewAttempt) })
}

/** What the budget or the agent's own limits do not allow, a larger model may not either. */
function endsAll(outcome: AgentOutcome): boolean {
  return outcome.kind === 'capped' && outcome.limit !== 'context'
}

async function tryTier(
  services: DeliveryServices,
  step: StepInvocation,
  input: DevelopmentInput,
  tier: Tier,
  earlier: AgentOutcome | undefined,
): Promise<(Try & { readonly kind: 'ended' }) | Asks> {
  const key = `${step.idempotencyKey}:${tier.name}`
  const started = services.clock.now()
  const played = await play(services, step, input, tier, { key, earlier })
  if (played.kind === 'asks') return played
  const { outcome, tokens } = played
  const judged = await judge(services, step, input, tier, { outcome, key })
  return {
    kind: 'ended',
    tier,
    outcome,
    judged,
    attempt: {
      tier: tier.name,
      route: tier.route,
      ...cameTo(outcome, judged),
      money: Math.max(0, outcome.used.money - (earlier?.used.money ?? 0)),
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      seconds: (services.clock.now() - started) / 1000,
    },
  }
}

async function play(
  services: DeliveryServices,
  step: StepInvocation,
  input: DevelopmentInput,
  { name, agent: agentName, route }: Tier,
  { key, earlier }: { readonly key: string; readonly earlier: AgentOutcome | undefined },
): Promise<Played> {
  const agent = requireAgent(services.agents, agentName)
  const actor = await actorFor(services, step, `agent:${agent.name}` as PrincipalId)
  step.emit({ kind: 'progress', data: { message: `${agent.name} begins with tier ${name}` } })
  const brief = await developerBrief(services, actor, input, { key, earlier })
  const usedBefore: AgentUsage | undefined = earlier?.used
  const task = { brief, input, route, key, usedBefore }
  return 'program' in agent
    ? runProgramAgent(services, step, actor, { ...task, agent })
    : runModelAgent(services, step, actor, { ...task, agent: requireModelAgent(services.agents, agentName) })
}

/** What the studio itself finds of the tree that the agent left, whatever the agent says of it. */
async function judge(
  services: DeliveryServices,
  step: StepInvocation,
  { workspace, baseline, reproduction }: DevelopmentInput,
  tier: Tier,
  { outcome, key }: { readonly outcome: AgentOutcome; readonly key: string },
): Promise<SelectOutput | undefined> {
  if (outcome.kind !== 'completed' || outcome.tree === workspace.base.tree) return undefined
  const studio = await actorFor(services, step, seededIdentities.studio)
  const select = services.tools.require('change.select') as Tool<unknown, SelectOutput>
  return studio.act(
    select,
    {
      workspace,
      baseline,
      ...(reproduction === null ? {} : { reproduction }),
      candidates: [{ id: tier.name, tree: outcome.tree, by: tier.agent, explanation: '' }],
    },
    { key: `${key}:select` },
  )
}
