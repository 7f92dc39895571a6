import {
  scratchAgent,
  scratchBrief,
  scratchWorkspace,
} from '../../src/control/agents/loop/scratch-workspace.ts'
import type { RunAgentOptions } from '../../src/control/agents/index.ts'
import type { ModelClient } from '../../src/contracts/index.ts'
import { scriptedModel } from '../../src/testing/index.ts'
import type { Scenario } from './scenarios.ts'

const model = '{ route: bench, maxOutputTokens: 32000 }'
const limits = '{ seconds: 1800, toolCalls: 150, tokens: 1000000, money: 5000000, steps: 60 }'

/** An agent with breakers as they are when its file says nothing about them. */
export const benchAgent = scratchAgent({ model, limits })

/** The same agent with breakers as loose as a file can have them, so that its limits decide. */
export const onlyLimits = scratchAgent({
  model,
  limits,
  breakers:
    '{ sameTestCalls: 50, sameTestSeconds: 86400, identical: 20, oscillation: 30, noProgress: 200, formatErrors: 20, refusals: 50 }',
})

/** Each answer says that it took so long, unless the scenario says otherwise; each call takes a second. */
const answerMs = 4000

export function workOn(scenario: Scenario, agent: RunAgentOptions['agent']): RunAgentOptions {
  const files = Object.fromEntries(
    Array.from({ length: 80 }, (_, index) => [`file-${index}.js`, `right ${`${index} `.repeat(2000)}`]),
  )
  const workspace = scratchWorkspace({ 'a.js': 'wrong', ...files }, { milliseconds: 1000 })
  const scripted = scriptedModel((request, turn) => ({
    milliseconds: answerMs,
    ...scenario.answer(turn, request),
  }))
  return {
    // What hangs would take the real time of the limit.
    agent: scenario.hangs === true ? { ...agent, limits: { ...agent.limits, seconds: 2 } } : agent,
    brief: scratchBrief,
    tools: workspace.tools,
    model: scenario.hangs === true ? hanging : scripted,
    acts: workspace.acts,
    key: 'bench',
    signal: new AbortController().signal,
    tree: workspace.tree,
  }
}

const hanging: ModelClient = {
  ask: (_request, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
    }),
}
