import type { ModelRequest, ModelResponse } from '../../../contracts/index.ts'
import { digestOfValue } from '../../../kernel/index.ts'
import { promptVersion } from '../agent-file.ts'
import { reachedLimit, repeatsEndlessly, repetitionWatch } from '../breakers/index.ts'
import type { ExpectedResult } from '../results/index.ts'
import { compact, requestTokens, turnTokens } from './compaction.ts'
import { judge } from './judge.ts'
import type { AgentEnd } from './outcome.ts'
import { type PerformedCalls, performCalls } from './perform-calls.ts'
import { readAnswer, type ReadAnswer } from './read-answer.ts'
import { nextRequest, type RequestFrame } from './request.ts'
import type { RunAgentOptions } from './options.ts'
import { addUsage, type AgentState, type Turn } from './state.ts'
import { cappedBy, within } from './within-limits.ts'

/** One agent's work: what does not change from turn to turn. */
export interface Work {
  readonly options: RunAgentOptions
  readonly result: ExpectedResult
  readonly frame: RequestFrame
  readonly startTree: string
}

export interface Step {
  readonly state: AgentState
  readonly end?: AgentEnd
}

/** Tokens of an answer below which there is no use in asking. */
const leastAnswer = 256

/** Asks once, performs what was called, and says whether that was the end. */
export async function takeTurn(work: Work, before: AgentState): Promise<Step> {
  const { agent } = work.options
  const reached = reachedLimit(before.used, agent.limits)
  if (reached !== undefined) return { state: before, end: cappedBy(reached, agent.limits) }
  const { contextTokens, maxOutputTokens } = agent.model
  const state = compact(before, work.frame.tokens, contextTokens - maxOutputTokens)
  const asked = requestTokens(state, work.frame.tokens)
  if (asked > contextTokens - leastAnswer) {
    const reason = `the next request has some ${asked} tokens, and ${contextTokens} are possible`
    return { state, end: { kind: 'capped', limit: 'context', reason } }
  }
  const left = agent.limits.tokens - state.used.tokens - asked
  if (left < leastAnswer) return { state, end: cappedBy('tokens', agent.limits) }
  const request = nextRequest(work.frame, state, Math.min(maxOutputTokens, left, contextTokens - asked))
  const turn = state.turns.length + 1
  const asking = await within(bounds(work, state), (signal) => ask(work, request, turn, signal))
  if (asking.kind === 'ended') return { state: addUsage(state, asking), end: asking.end }
  if (asking.value.kind === 'cut-off') {
    // What the provider counted is with the gateway; here it is guessed, so that it is not as if nothing was used.
    const tokens = asked + Math.ceil(asking.value.characters / 3)
    return { state: addUsage(state, { tokens, steps: 1 }), end: repeating }
  }
  const { response } = asking.value
  if (response.content.some((part) => part.kind !== 'tool-call' && repeatsEndlessly(part.text)))
    return { state: addAnswer(state, response), end: repeating }
  const answer = readAnswer(response, work.frame.toolbox, turn, callIds(state))
  const answered = addAnswer(state, response)
  const acting = await within(bounds(work, answered), (signal) =>
    performCalls(answered, answer.calls, callServices(work, answered, answer, signal)),
  )
  if (acting.kind === 'ended') return { state: addUsage(answered, acting), end: acting.end }
  return conclude(work, { before: state, request, response, answer, performed: acting.value })
}

function bounds({ options: { agent, signal } }: Work, { used }: AgentState): Parameters<typeof within>[0] {
  return { limits: agent.limits, used, signal }
}

const repeating: AgentEnd = {
  kind: 'stuck',
  breaker: 'repetition',
  reason: 'one answer repeated the same passage without end',
}

type Asked =
  | { readonly kind: 'answered'; readonly response: ModelResponse }
  /** It repeated itself without end, and was cut off after so many characters. */
  | { readonly kind: 'cut-off'; readonly characters: number }

/** Asks the model; stops an answer that repeats itself without end while it arrives. */
async function ask(
  { options: { agent, model, key } }: Work,
  request: ModelRequest,
  turn: number,
  signal: AbortSignal,
): Promise<Asked> {
  const repetition = new AbortController()
  const repeats = repetitionWatch()
  let characters = 0
  try {
    const response = await model.ask(request, {
      key: `${key}:turn-${turn}`,
      signal: AbortSignal.any([signal, repetition.signal]),
      prompt: promptVersion(agent),
      onEvent: (event) => {
        if (event.kind !== 'text' && event.kind !== 'reasoning') return
        characters += event.text.length
        if (repeats(event.text)) repetition.abort()
      },
    })
    return { kind: 'answered', response }
  } catch (error) {
    if (repetition.signal.aborted && !signal.aborted) return { kind: 'cut-off', characters }
    throw error
  }
}

function callServices(
  work: Work,
  state: AgentState,
  { calls }: ReadAnswer,
  signal: AbortSignal,
): Parameters<typeof performCalls>[2] {
  const { agent, acts, brief, key, replies = {} } = work.options
  const { contextTokens } = agent.model
  const turn = state.turns.length + 1
  return {
    acts,
    signal,
    key: `${key}:turn-${turn}`,
    turn,
    replies,
    result: work.result,
    startTree: work.startTree,
    failingAnyway: new Set(brief.failingAnyway),
    callsLeft: agent.limits.toolCalls - state.used.toolCalls,
    // All results of one answer together take no more than a third of what a request can hold.
    resultTokens: Math.floor(
      Math.min(4000, contextTokens / 16, contextTokens / 3 / Math.max(1, calls.length)),
    ),
  }
}

interface PerformedTurn {
  readonly before: AgentState
  readonly request: ModelRequest
  readonly response: ModelResponse
  readonly answer: ReadAnswer
  readonly performed: PerformedCalls
}

/** Ends the turn: what the studio says about it, what the breakers say, and whether that was the end. */
function conclude(
  { options: { agent, onTurn }, frame }: Work,
  { before, request, response, answer, performed }: PerformedTurn,
): Step {
  const turn: Omit<Turn, 'tokens'> = {
    content: answer.content,
    results: performed.results,
    calls: performed.notes,
    notes: corrections(answer, response),
    facts: {
      actions: [...new Set(performed.actions)],
      results: performed.resultDigests.length === 0 ? '' : digestOfValue(performed.resultDigests),
      tree: frame.toolbox.canChange ? performed.state.tree : '',
      failing: [...performed.state.failing.keys()].sort(),
      testRuns: performed.testRuns,
      milliseconds: performed.state.used.milliseconds - before.used.milliseconds,
      malformed: performed.malformed + refusedIn(answer) === answer.calls.length,
      refused: refusedIn(answer),
    },
  }
  const withTurn = { ...performed.state, turns: [...performed.state.turns, { ...turn, tokens: 0 }] }
  const ended = endOf(performed)
  const { stop, nudges } =
    ended === undefined ? judge(withTurn, agent.breakers, agent.limits) : { nudges: [] }
  const notes = [...turn.notes, ...nudges.map(({ text }) => text)]
  const said: Turn = { ...turn, notes, tokens: turnTokens({ ...turn, notes }) }
  const state: AgentState = {
    ...performed.state,
    turns: [...performed.state.turns, said],
    nudges: [...performed.state.nudges, ...nudges],
  }
  onTurn?.({
    turn: state.turns.length,
    model: response.provenance.version,
    calls: said.calls,
    nudges: nudges.map(({ text }) => text),
    used: state.used,
    tree: state.tree,
    digests: {
      request: digestOfValue(request),
      answer: digestOfValue(response.content),
      results: digestOfValue(said.results),
    },
  })
  const end = ended ?? (stop && { kind: 'stuck' as const, ...stop })
  return end === undefined ? { state } : { state, end }
}

function endOf({ finished, question }: PerformedCalls): AgentEnd | undefined {
  if (question !== undefined) return { kind: 'asks-person', question }
  return finished && { kind: 'completed', result: finished.result }
}

function refusedIn({ calls }: ReadAnswer): number {
  return calls.filter(({ kind }) => kind === 'refused').length
}

/** What an answer without any call is told. */
function corrections({ calls }: ReadAnswer, { finish }: ModelResponse): string[] {
  if (calls.length > 0) return []
  if (finish === 'length')
    return ['Your answer was cut off at its longest and called nothing. Write less, and call a tool.']
  return ['Your answer called nothing. Work goes on by calling a tool, and ends by calling finish.']
}

function addAnswer(state: AgentState, { usage, cost, milliseconds = 0 }: ModelResponse): AgentState {
  return addUsage(state, {
    tokens: usage.input + usage.output,
    money: cost ?? 0,
    unpriced: cost === null ? 1 : 0,
    milliseconds,
    steps: 1,
  })
}

function callIds({ turns }: AgentState): ReadonlySet<string> {
  return new Set(turns.flatMap(({ results }) => results.map(({ id }) => id)))
}
