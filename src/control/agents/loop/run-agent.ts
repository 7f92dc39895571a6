import type { ModelAgent } from '../agent-file.ts'
import { nothingUsed } from '../breakers/index.ts'
import { expectedResult } from '../results/index.ts'
import { renderBrief } from './brief.ts'
import { escalationOf } from './escalation.ts'
import type { AgentEnd, AgentOutcome, NextInLine } from './outcome.ts'
import type { RunAgentOptions } from './options.ts'
import { requestFrame } from './request.ts'
import { addUsage, type AgentState, initialState } from './state.ts'
import { takeTurn, type Work } from './take-turn.ts'
import { toolboxOf } from './toolbox.ts'

/**
 * Lets a model work as the agent until it finishes, is capped or stuck, asks a person, or fails. All that decides comes
 * from `options` and from what model and tools answered. So the record of these acts is the memory: whoever calls this
 * again with the same options, after a crash or days later, gets the recorded answers by their keys, arrives at the same
 * state, and asks the same next request.
 *
 * @throws what may pass (a database or provider that is away), and whatever is thrown after `signal` was aborted: the step
 * is tried again and goes on from the record. ATL_AGENT_OUTPUT_UNKNOWN and ATL_AGENT_TOOL_MISSING for an agent file that
 * names what is not there.
 */
export async function runAgent(options: RunAgentOptions): Promise<AgentOutcome> {
  const { agent, brief, tree = '', tier = 0, usedBefore = nothingUsed } = options
  const result = expectedResult(agent)
  const route = [agent.model.route, ...agent.model.fallback][tier] ?? agent.model.route
  const toolbox = toolboxOf(agent, options.tools, result)
  const work: Work = {
    options,
    result,
    frame: requestFrame({ route, agent, brief: renderBrief(brief), toolbox }),
    startTree: tree,
  }
  let state = addUsage(initialState(tree, brief.failingTests), usedBefore)
  for (;;) {
    const next = await takeTurn(work, state)
    state = next.state
    if (next.end !== undefined) return outcomeOf(work, state, next.end, tier)
  }
}

function outcomeOf(work: Work, state: AgentState, end: AgentEnd, tier: number): AgentOutcome {
  const { name, version, digest } = work.options.agent
  return {
    ...end,
    agent: { name, version, digest },
    route: work.frame.route,
    tier,
    tree: state.tree,
    used: state.used,
    nudges: state.nudges,
    next: nextInLine(work.options.agent, end, tier),
    escalation: escalationOf(state, end),
  }
}

/** A stronger model may see what this one did not; a limit or a question is for a person. */
function nextInLine({ model }: ModelAgent, end: AgentEnd, tier: number): NextInLine {
  if (end.kind === 'completed') return { kind: 'nobody' }
  const route = model.fallback[tier]
  const mayHelp =
    end.kind === 'stuck' || end.kind === 'failed' || (end.kind === 'capped' && end.limit === 'context')
  return mayHelp && route !== undefined ? { kind: 'tier', tier: tier + 1, route } : { kind: 'person' }
}
