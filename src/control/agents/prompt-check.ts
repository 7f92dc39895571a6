import type { ModelAgent } from './agent-file.ts'
import { dataRule } from './data.ts'
import { estimateTokens } from './loop/elision.ts'
import { renderPrompt } from './prompt.ts'
import { expectedResult } from './results/index.ts'

/** Most tokens of a system message; what is longer is followed less, and paid for in every request. */
const mostTokens = 2500

/** Words by which a prompt would promise what no prompt can give, or address the wrong reader. */
const vain = /\b(?:as an AI|language model|I am|take a deep breath|step by step|very important|tip you)\b/i

/**
 * What is wrong with the prompt of an agent, a line each; none if all is well. It renders, stays within its size, has
 * instructions on how to work and on what must hold, names only tools that the agent has, marks data, says its limits,
 * and its result can be read.
 */
export function promptProblems(agent: ModelAgent): string[] {
  const prompt = renderPrompt(agent)
  const problems: string[] = []
  const tokens = estimateTokens(prompt)
  if (tokens > mostTokens) problems.push(`it has some ${tokens} tokens, more than ${mostTokens}`)
  if (!prompt.includes(dataRule)) problems.push('it does not say what marked data is')
  for (const limit of [agent.limits.steps, agent.limits.toolCalls, agent.limits.seconds])
    if (!prompt.includes(String(limit))) problems.push(`it does not say the limit of ${limit}`)
  const sections = agent.instructions.match(/^# .+$/gm) ?? []
  if (sections.length < 2) problems.push('it has no sections on how to work and what must hold')
  const found = vain.exec(prompt)
  if (found !== null) problems.push(`it says "${found[0]}"`)
  const granted = new Set(agent.tools.map((tool) => tool.replace('.', '_')))
  for (const named of agent.instructions.match(/\b(?:files|code|tests|shell|notes|person)_[a-z]+\b/g) ?? [])
    if (!granted.has(named)) problems.push(`it names ${named}, which the agent does not have`)
  if (/\{\{|\$\{|<%/.test(prompt)) problems.push('something in it was to be filled in')
  expectedResult(agent)
  return problems
}
