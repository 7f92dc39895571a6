import type { Tool } from '../../contracts/index.ts'
import {
  type AgentBrief,
  type AgentOutcome,
  type AgentUsage,
  type ChangeResult,
  type ProgramAgent,
  renderBrief,
} from '../../control/agents/index.ts'
import type { StepInvocation } from '../../engine/index.ts'
import {
  type CodingAgentInput,
  type CodingAgentOutput,
  codingAgentTool,
  type PermittedActs,
} from '../../execution/coding-agents/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import { createId } from '../../kernel/index.ts'
import type { Actor } from './acting.ts'
import type { DevelopmentInput } from './development-input.ts'
import type { Played } from './model-agent.ts'
import type { DeliveryServices } from './services.ts'

interface ProgramTask {
  readonly agent: ProgramAgent
  readonly brief: AgentBrief
  readonly input: DevelopmentInput
  readonly route: string
  readonly key: string
  /** By the tiers before; what the program uses is added. */
  readonly usedBefore: AgentUsage | undefined
}

/**
 * Lets a coding agent of others do the work in a sandbox of its own. It asks models with a key of this step, within the
 * money and tokens of its file, and what it asks the studio to do are acts under its own name. What it says is a claim.
 */
export async function runProgramAgent(
  services: DeliveryServices,
  step: StepInvocation,
  actor: Actor,
  { agent, brief, input, route, key, usedBefore }: ProgramTask,
): Promise<Played> {
  const before = await spentBy(services, step)
  const { money, tokens: mostTokens } = agent.limits
  await limitStep(services, step, { money: before.money + money, tokens: before.tokens + mostTokens })
  const started = services.clock.now()
  const tree = input.reproduction?.tree ?? input.workspace.base.tree
  const task: CodingAgentInput = {
    program: agent.program,
    speaks: agent.speaks,
    workspace: input.workspace,
    tree,
    prompt: `${agent.instructions}\n\n${renderBrief(brief)}`,
    model: route,
    seconds: agent.limits.seconds,
    acts: agent.limits.toolCalls,
  }
  const tool = codingAgentTool(services.codingAgents, actsOf(actor, agent, key))
  const result = await actor.act(tool, task, { key: `${key}:program`, grants: agent.tools })
  const after = await spentBy(services, step)
  await limitStep(services, step, {})
  const { name, version, digest } = agent
  const tokens = after.tokens - before.tokens
  const used = {
    tokens: (usedBefore?.tokens ?? 0) + tokens,
    money: (usedBefore?.money ?? 0) + after.money - before.money,
    unpriced: usedBefore?.unpriced ?? 0,
    milliseconds: (usedBefore?.milliseconds ?? 0) + Math.max(0, Math.round(services.clock.now() - started)),
    toolCalls: (usedBefore?.toolCalls ?? 0) + 1,
    steps: (usedBefore?.steps ?? 0) + 1,
  }
  const shared = {
    agent: { name, version, digest },
    route,
    tree: result.tree,
    used,
    nudges: [],
    escalation: escalationOf(result, brief),
  }
  const outcome: AgentOutcome =
    result.ended.kind === 'killed'
      ? {
          ...shared,
          kind: 'capped',
          limit: 'seconds',
          reason: `${agent.program} was stopped: ${result.ended.by}`,
        }
      : { ...shared, kind: 'completed', result: { ...claimOf(result) } }
  // Which of the tokens went in is not told apart for programs of others.
  return { kind: 'ended', outcome, tokens: { input: tokens, output: 0 } }
}

/** Acts cannot be told apart beforehand, so each attempt of the program has keys of its own. */
function actsOf(actor: Actor, agent: ProgramAgent, key: string): PermittedActs {
  const attempt = createId('try')
  let count = 0
  return {
    perform: <I, O>(tool: Tool<I, O>, input: I, signal: AbortSignal): Promise<O> => {
      count += 1
      return actor.act(tool, input, { key: `${key}:${attempt}:act-${count}`, signal, grants: agent.tools })
    },
  }
}

interface Spent {
  readonly money: number
  readonly tokens: number
}

async function spentBy(
  { database, ledger }: DeliveryServices,
  { tenantId, principalId, runId, stepId }: StepInvocation,
): Promise<Spent> {
  const balances = await database.transaction(tenantScope(tenantId, principalId), (tx) =>
    ledger.balances(tx, tenantId, runId),
  )
  const own = balances.find(({ level, subject }) => level === 'step' && subject === `${runId}/${stepId}`)
  return { money: own?.units.money.spent ?? 0, tokens: own?.units.tokens.spent ?? 0 }
}

/**
 * The program may not spend more than its file says, however many calls it makes at once. The limit is lifted for whoever
 * comes after it in the same step.
 */
async function limitStep(
  { database, ledger }: DeliveryServices,
  { tenantId, principalId, runId, stepId }: StepInvocation,
  limits: Partial<Spent>,
): Promise<void> {
  await database.transaction(tenantScope(tenantId, principalId), (tx) =>
    ledger.setLimits(tx, { level: 'step', subject: `${runId}/${stepId}` }, limits),
  )
}

function claimOf({ claim, changed, refusals }: CodingAgentOutput): ChangeResult {
  return {
    status: changed.length === 0 ? 'no-change-needed' : claim.outcome === 'done' ? 'done' : 'partial',
    cause: '',
    summary: claim.text.slice(0, 2000) || 'It said nothing about its change.',
    files: changed.slice(0, 100).map((path) => ({ path, what: 'changed' })),
    tested: '',
    remaining: refusals.slice(0, 20).map(({ what, why }) => `refused: ${what}: ${why}`.slice(0, 1000)),
  }
}

function escalationOf(
  { claim, refusals, ended }: CodingAgentOutput,
  brief: AgentBrief,
): AgentOutcome['escalation'] {
  return {
    hypothesis: claim.text.slice(0, 500) || 'It said nothing.',
    attempts: [
      {
        what: 'the program',
        result: ended.kind === 'exited' ? `ended with ${ended.code}` : `stopped: ${ended.by}`,
      },
      ...refusals.slice(0, 5).map(({ what, why }) => ({ what, result: `refused: ${why}` })),
    ],
    failingTests: [...brief.failingTests],
    suspects: [],
    hints: [],
  }
}
