import type { ModelResponse } from '../../../contracts/index.ts'
import { type AgentUsage, nothingUsed, type TurnFacts } from '../breakers/index.ts'
import type { FailingTest, Observation } from './ports.ts'

type Content = ModelResponse['content']

/** What came of one call of a tool. */
export interface CallResult {
  readonly id: string
  readonly tool: string
  /** As it goes back to the model with the next request. */
  readonly text: string
  readonly failed: boolean
}

/** One call for the notes that outlive the conversation. */
export interface CallNote {
  readonly tool: string
  /** What it was about, in a line: a path, a command, a query. */
  readonly subject: string
  readonly failed: boolean
  /** The call left another tree. */
  readonly changed: boolean
  /** Ids of failing tests, where the call ran tests. */
  readonly ran: readonly string[] | undefined
}

/** One answer of the model and what came of it. */
export interface Turn {
  readonly content: Content
  readonly results: readonly CallResult[]
  /** What the studio says after it: a nudge, a correction. */
  readonly notes: readonly string[]
  readonly calls: readonly CallNote[]
  readonly facts: TurnFacts
  /** What the turn takes of a request, guessed with care. */
  readonly tokens: number
}

export interface Nudge {
  /** Counts from 1. */
  readonly turn: number
  readonly by: string
  readonly text: string
}

/**
 * All that the loop knows: a pure function of what it was begun with and of what the model and the tools answered, in
 * order. The same record yields the same state and so the same next request.
 */
export interface AgentState {
  readonly turns: readonly Turn[]
  /** Turns before this one stand in `summary`. */
  readonly compactedBefore: number
  readonly summary: string | undefined
  readonly tree: string
  readonly used: AgentUsage
  readonly failing: ReadonlyMap<string, string>
  readonly plan: string | undefined
  readonly hypothesis: string | undefined
  readonly decisions: readonly string[]
  /** What persons were asked and said. */
  readonly replies: readonly { readonly question: string; readonly answer: string }[]
  /** Whole texts of results that were shown in part, by handle. */
  readonly outputs: ReadonlyMap<string, string>
  readonly nudges: readonly Nudge[]
}

export function initialState(tree: string, failing: readonly FailingTest[]): AgentState {
  return {
    turns: [],
    compactedBefore: 0,
    summary: undefined,
    tree,
    used: nothingUsed,
    failing: new Map(failing.map(({ id, message }) => [id, message])),
    plan: undefined,
    hypothesis: undefined,
    decisions: [],
    replies: [],
    outputs: new Map(),
    nudges: [],
  }
}

/** Decisions and replies beyond these are the oldest ones, and dropped. */
const keptDecisions = 60

export function withPlan(
  state: AgentState,
  { plan, hypothesis, decisions }: { plan: string; hypothesis?: string | undefined; decisions: string[] },
): AgentState {
  return {
    ...state,
    plan,
    hypothesis: hypothesis ?? state.hypothesis,
    decisions: [...state.decisions, ...decisions].slice(-keptDecisions),
  }
}

/** Whole texts are kept for the latest results only; a model that pages through older ones is told to ask again. */
const keptOutputs = 48

export function withOutput(state: AgentState, handle: string, text: string): AgentState {
  const outputs = new Map(state.outputs).set(handle, text)
  for (const oldest of outputs.keys()) {
    if (outputs.size <= keptOutputs) break
    outputs.delete(oldest)
  }
  return { ...state, outputs }
}

/** Tests that ran and passed fail no more; tests that did not run keep what is known of them. */
export function withTests(
  state: AgentState,
  { failing, passes }: NonNullable<Observation['tests']>,
): AgentState {
  const known = new Map([...state.failing].filter(([id]) => !passes(id)))
  for (const { id, message } of failing)
    known.set(id, message === '' ? (state.failing.get(id) ?? '') : message)
  return { ...state, failing: known }
}

export function addUsage(state: AgentState, more: Partial<AgentUsage>): AgentState {
  const { used } = state
  return {
    ...state,
    used: {
      tokens: used.tokens + (more.tokens ?? 0),
      money: used.money + (more.money ?? 0),
      unpriced: used.unpriced + (more.unpriced ?? 0),
      milliseconds: used.milliseconds + (more.milliseconds ?? 0),
      toolCalls: used.toolCalls + (more.toolCalls ?? 0),
      steps: used.steps + (more.steps ?? 0),
    },
  }
}
