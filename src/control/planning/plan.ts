import { z } from 'zod'
import {
  type Cost,
  intentSchema,
  type Tool,
  type ToolContext,
  type WorkflowDefinition,
  workItemSchema,
} from '../../contracts/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import { type Agent, requireAgent, requireChain } from '../agents/index.ts'
import { planningErrors } from './errors.ts'

const costSchema = z.object({
  money: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  toolCalls: z.int().nonnegative(),
  seconds: z.int().nonnegative(),
})

export const planSchema = z.object({
  /** Over everything else in the plan; approvals bind to it. */
  digest: z.string(),
  workflow: z.object({ name: z.string(), version: z.int(), digest: z.string() }),
  intentDigest: z.string(),
  steps: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      uses: z.string(),
      needs: z.array(z.string()),
      /** The most this step can use up. */
      estimate: costSchema,
      lock: z.string().nullable(),
    }),
  ),
  estimate: costSchema,
  constraints: z.array(z.object({ name: z.string(), holds: z.literal(true), detail: z.string() })),
})
export type Plan = z.infer<typeof planSchema>

export interface PlanningFacts {
  readonly workflow: WorkflowDefinition
  readonly agents: ReadonlyMap<string, Agent>
  readonly tools: ReadonlyMap<string, Tool>
  /** The most one run may use up. */
  readonly runBudget: Cost
}

const none: Cost = { money: 0, tokens: 0, toolCalls: 0, seconds: 0 }

/**
 * The plan of a run, derived from intent and workflow and checked before anything is done: every tool and agent exists,
 * agents are granted what they use, irreversible effects come only after an approval, and the worst case fits the budget.
 * Throws `ATL_PLAN_BREAKS_CONSTRAINT` and says which.
 */
export function makePlan(intent: z.infer<typeof intentSchema>, facts: PlanningFacts): Plan {
  const steps = facts.workflow.steps.map((step) => ({
    id: step.id,
    kind: step.kind,
    uses: step.uses,
    needs: step.needs,
    estimate: estimateStep(step, facts),
    lock: step.lock ?? null,
  }))
  const estimate = steps.reduce((sum, step) => addCost(sum, step.estimate), none)
  const constraints = [
    effectsFollowApproval(facts),
    estimateFitsBudget(estimate, facts.runBudget),
    {
      name: 'tools-exist',
      holds: true as const,
      detail: 'every step names a tool, an agent or a chain that there is',
    },
  ]
  const content = {
    workflow: {
      name: facts.workflow.name,
      version: facts.workflow.version,
      digest: digestOfValue(facts.workflow),
    },
    intentDigest: digestOfValue(intent),
    steps,
    estimate,
    constraints,
  }
  return { digest: digestOfValue(content), ...content }
}

function estimateStep(step: WorkflowDefinition['steps'][number], facts: PlanningFacts): Cost {
  switch (step.kind) {
    case 'approval':
    case 'workflow':
      return none
    case 'agent': {
      const { money, tokens, toolCalls, seconds } = requireAgent(facts.agents, step.uses).limits
      return { money, tokens, toolCalls, seconds }
    }
    case 'chain':
      return requireChain(step.uses).limits
    case 'tool':
    case 'compute':
    case 'validation':
      return requireTool(facts.tools, step.uses).worstCase
  }
}

function requireTool(tools: ReadonlyMap<string, Tool>, name: string): Tool {
  const tool = tools.get(name)
  if (!tool) throw planningErrors.BREAKS_CONSTRAINT({ detail: `tools-exist: there is no tool ${name}` })
  return tool
}

/** No path may reach an external effect without passing an approval step (G3). */
function effectsFollowApproval({ workflow, tools }: PlanningFacts): Plan['constraints'][number] {
  const byId = new Map(workflow.steps.map((step) => [step.id, step]))
  const approved = (id: string): boolean => {
    const step = byId.get(id)
    return step !== undefined && (step.kind === 'approval' || step.needs.some(approved))
  }
  for (const step of workflow.steps) {
    if (step.kind !== 'tool') continue
    const { effect } = requireTool(tools, step.uses)
    if (effect.startsWith('external') && !step.needs.some(approved)) {
      throw planningErrors.BREAKS_CONSTRAINT({
        detail: `effects-follow-approval: step ${step.id} uses ${step.uses} (${effect}) without an approval before it`,
      })
    }
  }
  return {
    name: 'effects-follow-approval',
    holds: true,
    detail: 'every external effect waits for an approval',
  }
}

function estimateFitsBudget(estimate: Cost, budget: Cost): Plan['constraints'][number] {
  for (const unit of ['money', 'tokens', 'toolCalls', 'seconds'] as const) {
    if (estimate[unit] > budget[unit]) {
      throw planningErrors.BREAKS_CONSTRAINT({
        detail: `budget: the worst case needs ${estimate[unit]} ${unit}, a run may use ${budget[unit]}`,
      })
    }
  }
  return { name: 'budget', holds: true, detail: 'the worst case fits what one run may use up' }
}

function addCost(a: Cost, b: Cost): Cost {
  return {
    money: a.money + b.money,
    tokens: a.tokens + b.tokens,
    toolCalls: a.toolCalls + b.toolCalls,
    seconds: a.seconds + b.seconds,
  }
}

const planInputSchema = z.object({ workItem: workItemSchema, intent: intentSchema })

/**
 * `plan.check`: makes and checks the plan of a run, by the workflow that the run was started with. The facts are read when
 * it runs, since tools include itself.
 */
export function planTool(
  facts: (run: Pick<ToolContext, 'tenantId' | 'runId' | 'principal'>) => Promise<PlanningFacts>,
): Tool<z.infer<typeof planInputSchema>, Plan> {
  return {
    name: 'plan.check',
    summary: 'Derives the plan of a run from intent and workflow and refuses one that breaks a constraint.',
    input: planInputSchema,
    output: planSchema,
    effect: 'read',
    permissions: [],
    failureModes: ['ATL_PLAN_BREAKS_CONSTRAINT', 'ATL_AGENT_UNKNOWN', 'ATL_AGENT_CHAIN_UNKNOWN'],
    worstCase: { ...none, toolCalls: 1, seconds: 10 },
    perform: async ({ intent }, run) => makePlan(intent, await facts(run)),
  }
}
