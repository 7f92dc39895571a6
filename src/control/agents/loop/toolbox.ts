import type { ModelTool } from '../../../contracts/index.ts'
import type { ModelAgent } from '../agent-file.ts'
import type { ExpectedResult } from '../results/index.ts'
import { grantedTools } from './agent-tool.ts'
import { grantedOwnTools } from './own-tools.ts'
import type { AgentTool } from './ports.ts'

export type Granted =
  | { readonly kind: 'act'; readonly name: string; readonly tool: AgentTool }
  | { readonly kind: 'own'; readonly name: string }
  | { readonly kind: 'finish'; readonly name: string }

/** What an agent may call. */
export interface Toolbox {
  /** In an order that stays, as the front of every request. */
  readonly modelTools: readonly ModelTool[]
  /** Whether any of them can change files. */
  readonly canChange: boolean
  /** By the name that the model uses, or that of the agent file; undefined for what was not granted. */
  find(name: string): Granted | undefined
}

/** @throws ATL_AGENT_TOOL_MISSING when a granted tool is not among `all`. */
export function toolboxOf(agent: ModelAgent, all: readonly AgentTool[], result: ExpectedResult): Toolbox {
  const acts = grantedTools(agent, all)
  const own = grantedOwnTools(agent.tools)
  const finish: ModelTool = {
    name: 'finish',
    description:
      'Ends your work with its result. Call it by itself, when the work is done or when you can do no more; say honestly which.',
    input: { ...result.schema },
  }
  const granted = new Map<string, Granted>([['finish', { kind: 'finish', name: 'finish' }]])
  for (const [name, tool] of own)
    for (const known of [tool.name, name]) granted.set(known, { kind: 'own', name })
  for (const tool of acts)
    for (const known of [tool.modelTool.name, tool.name])
      granted.set(known, { kind: 'act', name: tool.name, tool })
  return {
    modelTools: [...acts.map(({ modelTool }) => modelTool), ...own.map(([, tool]) => tool), finish],
    canChange: acts.some(({ readOnly }) => !readOnly),
    find: (name) => granted.get(name),
  }
}
