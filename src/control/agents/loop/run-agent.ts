import { nothingUsed } from '../breakers/index.ts'
import { expectedResult } from '../results/index.ts'
import { renderBrief } from './brief.ts'
import { escalationOf } from './escalation.ts'
import type { AgentEnd, AgentOutcome } from './outcome.ts'
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
  const { agent, brief, tree = '', usedBefore = nothingUsed } = options
  const result = expectedResult(agent)
  const toolbox = toolboxOf(agent, options.tools, result)
  const work: Work = {
    options,
    result,
    frame: requestFrame({ agent, brief: renderBrief(brief), toolbox }),
    startTree: tree,
  }
  let state = addUsage(initialState(tree, brief.failingTests), usedBefore)
  for (;;) {
    const next = await takeTurn(work, state)
    state = next.state
    if (next.end !== undefined) return outcomeOf(work, state, next.end)
  }
}

function outcomeOf(work: Work, state: AgentState, end: AgentEnd): AgentOutcome {
  const { name, version, digest, model } = work.options.agent
  return {
    ...end,
    agent: { name, version, digest },
    route: model.route,
    tree: state.tree,
    used: state.used,
    nudges: state.nudges,
    escalation: escalationOf(state, end),
  }
}
