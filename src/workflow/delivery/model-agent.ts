import type { ModelClient } from '../../contracts/index.ts'
import {
  type AgentActs,
  type AgentBrief,
  type AgentOutcome,
  agentTool,
  type AgentTurnEvent,
  type AgentUsage,
  type ModelAgent,
  recordingTool,
  refusedTool,
  runAgent,
} from '../../control/agents/index.ts'
import { askTool, type OpenQuestion, readAnswer } from '../../control/questions/index.ts'
import type { JsonObject, StepInvocation } from '../../engine/index.ts'
import { tenantScope } from '../../governance/audit/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { Actor } from './acting.ts'
import type { DevelopmentInput } from './development-input.ts'
import type { DeliveryServices } from './services.ts'

export interface ModelTask {
  readonly agent: ModelAgent
  readonly brief: AgentBrief
  readonly input: DevelopmentInput
  readonly route: string
  readonly key: string
  /** By the tiers before. */
  readonly usedBefore: AgentUsage | undefined
}

export type Played =
  | {
      readonly kind: 'ended'
      readonly outcome: AgentOutcome
      readonly tokens: { readonly input: number; readonly output: number }
    }
  /** Nothing goes on before a person has answered, or the time for that is over. */
  | { readonly kind: 'asks'; readonly question: OpenQuestion }

/**
 * Lets a model work as the agent. What it asks a person is an act of its own; with the answer, which may come days later
 * and in another process, its conversation is brought back from the record and goes on. A question that nobody answers
 * in time ends its work.
 */
export async function runModelAgent(
  services: DeliveryServices,
  step: StepInvocation,
  actor: Actor,
  { agent, brief, input, route, key, usedBefore }: ModelTask,
): Promise<Played> {
  const replies: Record<string, string> = {}
  for (;;) {
    const { client, tokens } = counted(modelsFor(services, step, actor, route))
    const outcome = await runAgent({
      agent: { ...agent, model: { ...agent.model, route } },
      brief,
      tools: toolsOf(services, agent, input),
      model: client,
      acts: actsOf(services, actor, agent),
      key,
      signal: step.signal,
      tree: input.reproduction?.tree ?? input.workspace.base.tree,
      replies,
      ...(usedBefore === undefined ? {} : { usedBefore }),
      onTurn: (event) => step.emit({ kind: 'progress', data: { message: describeTurn(event) } }),
    })
    const ended: Played = { kind: 'ended', outcome, tokens }
    if (outcome.kind !== 'asks-person') return ended
    const { question } = outcome
    const open = await ask(services, actor, agent, question)
    const { tenantId, principalId } = step
    const answer = await services.database.transaction(tenantScope(tenantId, principalId), (tx) =>
      readAnswer(tx, tenantId, question.id),
    )
    if (answer !== undefined) replies[question.id] = answer.text
    else if (Date.parse(open.expiresAt) <= services.clock.now()) return ended
    else return { kind: 'asks', question: open }
  }
}

/** Asked once: whoever asks again is told when that was. */
async function ask(
  { clock }: DeliveryServices,
  actor: Actor,
  agent: ModelAgent,
  { id, question, why, options }: Extract<AgentOutcome, { kind: 'asks-person' }>['question'],
): Promise<OpenQuestion> {
  const asked = { id, question, why, options: [...options] }
  const when = await actor.act(askTool(clock), asked, { key: id, grants: agent.tools })
  return { ...asked, ...when, askedBy: actor.principal.id }
}

function modelsFor(
  { models }: DeliveryServices,
  { tenantId, runId, stepId, attempt }: StepInvocation,
  { principal, mandate: { projectId } }: Actor,
  route: string,
): ModelClient {
  return models.client({ tenantId, projectId, runId, stepId, attempt, principal, models: [route] })
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
  const supply = { workspace: JSON.parse(JSON.stringify(workspace)) as JsonObject }
  return [...tools.all.values()]
    .filter(({ name }) => agent.tools.includes(name))
    .map((tool) => agentTool(tool, { supply }))
}

function actsOf({ tools, clock }: DeliveryServices, actor: Actor, agent: ModelAgent): AgentActs {
  return {
    perform: ({ tool, input, key, signal }) =>
      actor.act(recordingTool(tools.require(tool), clock), input, { key, signal, grants: agent.tools }),
    refuse: async (refused) => {
      const { input, key, signal, why } = refused
      const grants = why === undefined ? agent.tools : [...agent.tools, refused.tool]
      try {
        await actor.act(refusedTool(refused, tools.all.values()), input, { key, signal, grants })
      } catch (error) {
        // The refusal is what was wanted; anything else is not known to be on record.
        if (!(error instanceof AtelierError) || error.retryable || !error.code.startsWith('ATL_DOOR_'))
          throw error
      }
    },
  }
}

function describeTurn({ turn, calls, nudges }: AgentTurnEvent): string {
  const done = calls.map(({ tool, subject, failed }) => `${tool} ${subject}${failed ? ' failed' : ''}`.trim())
  return [`turn ${turn}: ${done.join(', ') || 'no call'}`, ...nudges.map((nudge) => `told: ${nudge}`)].join(
    '; ',
  )
}
