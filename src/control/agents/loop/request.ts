import type { ModelMessage, ModelRequest } from '../../../contracts/index.ts'
import type { ModelAgent } from '../agent-file.ts'
import { renderPrompt } from '../prompt.ts'
import { messageTokens } from './compaction.ts'
import { estimateTokens } from './elision.ts'
import type { AgentState, Turn } from './state.ts'
import type { Toolbox } from './toolbox.ts'

/** What stays the same in every request of one agent's work. */
export interface RequestFrame {
  readonly agent: ModelAgent
  readonly brief: string
  readonly toolbox: Toolbox
  /** Tokens of all of this, guessed with care. */
  readonly tokens: number
}

export function requestFrame(frame: Omit<RequestFrame, 'tokens'>): RequestFrame {
  const { agent, brief, toolbox } = frame
  return {
    ...frame,
    tokens:
      messageTokens({ role: 'system', content: renderPrompt(agent) }) +
      estimateTokens(brief) +
      estimateTokens(JSON.stringify(toolbox.modelTools)),
  }
}

/**
 * The next request: the same state gives the same bytes. What is at the front stays as it was from request to request,
 * except when old turns are compacted.
 */
export function nextRequest(frame: RequestFrame, state: AgentState, maxOutputTokens: number): ModelRequest {
  const { agent, brief, toolbox } = frame
  const { route, reasoning, temperature, topP } = agent.model
  return {
    model: route,
    messages: [
      { role: 'system', content: renderPrompt(agent) },
      {
        role: 'user',
        content: [
          { kind: 'text', text: brief },
          ...(state.summary === undefined ? [] : [{ kind: 'text' as const, text: state.summary }]),
        ],
      },
      ...state.turns.slice(state.compactedBefore).flatMap(messagesOf),
    ],
    tools: [...toolbox.modelTools],
    toolChoice: { kind: 'auto' },
    maxOutputTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}

function messagesOf({ content, results, notes }: Turn): ModelMessage[] {
  return [
    { role: 'assistant', content: [...content] },
    ...(results.length === 0
      ? []
      : [
          {
            role: 'tool' as const,
            content: results.map((result) => ({ kind: 'tool-result' as const, ...result })),
          },
        ]),
    ...(notes.length === 0
      ? []
      : [{ role: 'user' as const, content: notes.map((text) => ({ kind: 'text' as const, text })) }]),
  ]
}
