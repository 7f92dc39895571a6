import {
  type Change,
  type Escalation,
  type Finding,
  type ModelClient,
  type Tool,
  type Verdict,
} from '../../contracts/index.ts'
import {
  type AgentActs,
  type AgentBrief,
  type AgentOutcome,
  agentTool,
  type AgentTurnEvent,
  changeResultSchema,
  type ModelAgent,
  recordingTool,
  requireAgent,
  requireModelAgent,
  runAgent,
} from '../../control/agents/index.ts'
import type { RoutingAttempt } from '../../control/routing/index.ts'
import type { JsonObject, StepInvocation } from '../../engine/index.ts'
import { seededIdentities } from '../../governance/identity/index.ts'
import type { PrincipalId } from '../../kernel/index.ts'
import { type Actor, actorFor } from './acting.ts'
import { type DevelopmentInput, developmentInputSchema } from './development-input.ts'
import type { DevelopmentAttempt, DevelopmentResult } from './development-result.ts'
import { developerBrief } from './developer-brief.ts'
import { type ProgramTask, runProgramAgent } from './program-agent.ts'
import type { DeliveryServices } from './services.ts'
import { noteAttempt } from './tier-attempts.ts'

interface Tier {
  readonly name: string
  readonly agent: string
  readonly route: string
}

/** What one tier came to. */
interface Try {
  readonly tier: Tier
  readonly outcome: AgentOutcome
  readonly judged: { readonly change: Change; readonly verdict: Verdict } | undefined
  readonly attempt: RoutingAttempt
}

/**
 * Has an agent do the work, with the tiers of models that routing decided on, one after the other: a tier has solved it
 * when the studio's own verification accepts the change. Everything is an act with a key, so that after a crash the work
 * goes on from the record.
 */
export async function develop(services: DeliveryServices, step: StepInvocation): Promise<DevelopmentResult> {
  const input = developmentInputSchema.parse(step.with)
  const tiers = input.decision.tiers.flatMap(({ name, agent, route }) =>
    route === undefined ? [] : [{ name, agent, route }],
  )
  const tries: Try[] = []
  for (const tier of tiers) {
    const one = await tryTier(services, step, input, tier, tries.at(-1)?.outcome)
    tries.push(one)
    await noteAttempt(services, step, input.decision, one.attempt)
    if (one.attempt.outcome === 'solved' && one.judged !== undefined)
      return {
        outcome: 'changed',
        ...describeChange(one.outcome, one.judged),
        attempts: tries.map(viewAttempt),
      }
    if (one.outcome.kind === 'asks-person' || endsAll(one.outcome)) break
  }
  return { outcome: 'escalated', escalation: escalationOf(tries, input), attempts: tries.map(viewAttempt) }
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
): Promise<Try> {
  const agent = requireAgent(services.agents, tier.agent)
  const actor = await actorFor(services, step, `agent:${agent.name}` as PrincipalId)
  const key = `${step.idempotencyKey}:${tier.name}`
  const started = services.clock.now()
  step.emit({ kind: 'progress', data: { message: `${agent.name} begins with tier ${tier.name}` } })
  const brief = await developerBrief(services, actor, input, { key, earlier })
  const { outcome, tokens } =
    'program' in agent
      ? await programOutcome(services, step, actor, { agent, brief, input, route: tier.route, key })
      : await modelOutcome(services, step, actor, { brief, input, tier, key, earlier })
  const judged = await judge(services, step, input, outcome, key)
  return {
    tier,
    outcome,
    judged,
    attempt: {
      tier: tier.name,
      route: tier.route,
      ...cameTo(outcome, judged?.verdict),
      money: Math.max(0, outcome.used.money - ('program' in agent ? 0 : (earlier?.used.money ?? 0))),
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      seconds: (services.clock.now() - started) / 1000,
    },
  }
}

interface Played {
  readonly outcome: AgentOutcome
  readonly tokens: { readonly input: number; readonly output: number }
}

/** How much of the tokens went in is not told apart for programs of others. */
async function programOutcome(
  services: DeliveryServices,
  step: StepInvocation,
  actor: Actor,
  task: ProgramTask,
): Promise<Played> {
  const outcome = await runProgramAgent(services, step, actor, task)
  return { outcome, tokens: { input: outcome.used.tokens, output: 0 } }
}

async function modelOutcome(
  services: DeliveryServices,
  step: StepInvocation,
  actor: Actor,
  { brief, input, tier, key, earlier }: ModelTask,
): Promise<Played> {
  const file = requireModelAgent(services.agents, tier.agent)
  const agent: ModelAgent = { ...file, model: { ...file.model, route: tier.route, fallback: [] } }
  const { client, tokens } = counted(
    services.models.client({
      tenantId: step.tenantId,
      projectId: actor.mandate.projectId,
      runId: step.runId,
      stepId: step.stepId,
      attempt: step.attempt,
      principal: actor.principal,
      models: [tier.route],
    }),
  )
  const outcome = await runAgent({
    agent,
    brief,
    tools: toolsOf(services, agent, input),
    model: client,
    acts: actsOf(services, actor, agent),
    key,
    signal: step.signal,
    tree: input.reproduction?.tree ?? input.workspace.base.tree,
    ...(earlier === undefined ? {} : { usedBefore: earlier.used }),
    onTurn: (event) => step.emit({ kind: 'progress', data: { message: describeTurn(event) } }),
  })
  return { outcome, tokens }
}

interface ModelTask {
  readonly brief: AgentBrief
  readonly input: DevelopmentInput
  readonly tier: Tier
  readonly key: string
  readonly earlier: AgentOutcome | undefined
}

function counted(client: ModelClient) {
  const tokens = { input: 0, output: 0 }
  const counting: ModelClient = {
    ask: async (request, options) => {
      const response = await client.ask(request, options)
      tokens.input += response.usage.input
      tokens.output += response.usage.output
      return response
    },
  }
  return { client: counting, tokens }
}

function toolsOf({ tools }: DeliveryServices, agent: ModelAgent, { workspace }: DevelopmentInput) {
  const supply = { workspace: toJson(workspace) }
  return [...tools.all.values()]
    .filter(({ name }) => agent.tools.includes(name))
    .map((tool) => agentTool(tool, { supply }))
}

function actsOf({ tools, clock }: DeliveryServices, actor: Actor, agent: ModelAgent): AgentActs {
  return {
    perform: ({ tool, input, key, signal }) =>
      actor.act(recordingTool(tools.require(tool), clock), input, { key, signal, grants: agent.tools }),
  }
}

/** What the studio itself finds of the tree that the agent left, whatever the agent says of it. */
async function judge(
  services: DeliveryServices,
  step: StepInvocation,
  { workspace, baseline, reproduction }: DevelopmentInput,
  outcome: AgentOutcome,
  key: string,
): Promise<Try['judged']> {
  if (outcome.kind !== 'completed' || outcome.tree === workspace.base.tree) return undefined
  const { tree } = outcome
  const { tools } = services
  const studio = await actorFor(services, step, seededIdentities.studio)
  const describe = tools.require('change.describe') as Tool<unknown, Change>
  const verify = tools.require('change.verify') as Tool<unknown, Verdict>
  const change = await studio.act(describe, { workspace, tree }, { key: `${key}:change` })
  const verdict = await studio.act(
    verify,
    {
      workspace,
      baseline,
      ...(reproduction === null ? {} : { reproduction }),
      proposal: { tree, change },
    },
    { key: `${key}:verify` },
  )
  return { change, verdict }
}

function cameTo(
  outcome: AgentOutcome,
  verdict: Verdict | undefined,
): Pick<RoutingAttempt, 'outcome' | 'detail'> {
  switch (outcome.kind) {
    case 'completed':
      if (verdict === undefined)
        return { outcome: 'gave-up', detail: 'it says that nothing is to be changed' }
      return verdict.outcome === 'accepted'
        ? { outcome: 'solved', detail: 'the tests of the base revision pass' }
        : { outcome: 'refuted', detail: verdict.reasons.join('; ') }
    case 'capped':
      return { outcome: 'capped', detail: outcome.reason }
    case 'stuck':
      return { outcome: 'stuck', detail: outcome.reason }
    case 'asks-person':
      return { outcome: 'gave-up', detail: `it asks: ${outcome.question.question}` }
    case 'failed':
      return { outcome: 'failed', detail: `${outcome.error.code} ${outcome.error.message}` }
  }
}

function describeChange(
  outcome: AgentOutcome,
  { change, verdict }: NonNullable<Try['judged']>,
): Pick<
  Extract<DevelopmentResult, { outcome: 'changed' }>,
  'tree' | 'change' | 'explanation' | 'findings' | 'verdict'
> {
  const claim = changeResultSchema.safeParse(outcome.kind === 'completed' ? outcome.result : undefined).data
  const findings = (claim?.remaining ?? []).map((message): Finding => ({
    rule: 'developer/remaining',
    severity: 'info',
    message,
  }))
  return {
    tree: outcome.tree,
    change,
    explanation: [claim?.cause, claim?.summary]
      .filter((part) => part !== undefined && part !== '')
      .join('\n'),
    findings,
    verdict,
  }
}

/** The last tier's table, below what the tiers before it and the engineer without a model came to. */
function escalationOf(tries: readonly Try[], { repair }: DevelopmentInput): Escalation {
  const last = tries.at(-1)?.outcome.escalation
  const before = repair?.outcome === 'escalated' ? repair.escalation : undefined
  return {
    hypothesis: last?.hypothesis ?? before?.hypothesis ?? 'Nobody could be asked to do this.',
    attempts: [
      ...(before?.attempts ?? []),
      ...tries.map(({ tier, attempt }) => ({
        what: `${tier.agent} with ${tier.route}`,
        result: `${attempt.outcome}: ${attempt.detail}`,
      })),
      ...(last?.attempts ?? []),
    ],
    failingTests: last?.failingTests ?? before?.failingTests ?? [],
    suspects: [...(last?.suspects ?? []), ...(before?.suspects ?? [])],
    hints: [...(last?.hints ?? []), ...(before?.hints ?? [])],
  }
}

function viewAttempt({ tier, attempt }: Try): DevelopmentAttempt {
  return {
    tier: tier.name,
    agent: tier.agent,
    route: tier.route,
    outcome: attempt.outcome,
    detail: attempt.detail,
  }
}

function describeTurn({ turn, calls, nudges }: AgentTurnEvent): string {
  const done = calls.map(({ tool, subject, failed }) => `${tool} ${subject}${failed ? ' failed' : ''}`.trim())
  return [`turn ${turn}: ${done.join(', ') || 'no call'}`, ...nudges.map((nudge) => `told: ${nudge}`)].join(
    '; ',
  )
}

function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
