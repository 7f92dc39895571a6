import { digestOfValue } from '../../../kernel/index.ts'
import { asData } from '../data.ts'
import { oneLine, subjectOf } from './brief.ts'
import { elide, keptCharacters } from './elision.ts'
import {
  callKey,
  type CallServices,
  type Done,
  finish,
  performOwn,
  type PersonQuestion,
} from './own-calls.ts'
import type { AgentTool, JsonValue, ToolOutcome } from './ports.ts'
import type { ReadCall } from './read-answer.ts'
import { addUsage, type AgentState, type CallNote, type CallResult, withOutput, withTests } from './state.ts'

export interface PerformedCalls {
  readonly state: AgentState
  readonly results: readonly CallResult[]
  readonly notes: readonly CallNote[]
  readonly actions: readonly string[]
  readonly resultDigests: readonly string[]
  readonly testRuns: readonly (readonly string[])[]
  /** Calls that could not be read, or whose input does not fit. */
  readonly malformed: number
  readonly question: PersonQuestion | undefined
  readonly finished: { readonly result: JsonValue } | undefined
}

/** Most calls of one answer. */
const callsAtOnce = 16

/**
 * Performs the calls of one answer in their order; such as only read, and stand next to each other, at once. Calls of
 * `finish` come last, whatever their place.
 */
export async function performCalls(
  begin: AgentState,
  calls: readonly ReadCall[],
  services: CallServices,
): Promise<PerformedCalls> {
  const done = new Map<number, Done>()
  let state = begin
  const place = (index: number, one: Done): void => {
    done.set(index, one)
    state = one.state
  }
  for (const group of groupsOf(calls)) {
    const outcomes = await Promise.allSettled(
      group.map(({ call, index }) => act(state, call, index, services)),
    )
    const longest = Math.max(
      0,
      ...outcomes.map((one) => (one.status === 'fulfilled' ? (one.value.outcome?.milliseconds ?? 0) : 0)),
    )
    const thrown = outcomes.find((one) => one.status === 'rejected')
    if (thrown !== undefined) throw thrown.reason
    const made = group.filter(({ index }) => index < callsPossible(services)).length
    state = addUsage(state, { toolCalls: made, milliseconds: longest })
    outcomes.forEach((one, position) => {
      const at = group[position]
      if (one.status === 'fulfilled' && at !== undefined)
        place(at.index, settle(state, at.call, at.index, one.value, services))
    })
  }
  const failedBefore = [...done.values()].some(({ failed }) => failed)
  for (const [index, call] of calls.entries()) {
    if (!isFinish(call)) continue
    const ended = finish(state, call, failedBefore, services)
    if (ended.contradiction !== undefined) await refuse(call, index, services, ended.contradiction)
    place(index, ended)
  }
  return gather(state, calls, done)
}

interface Placed {
  readonly call: ReadCall
  readonly index: number
}

function groupsOf(calls: readonly ReadCall[]): Placed[][] {
  const groups: Placed[][] = []
  calls.forEach((call, index) => {
    if (isFinish(call)) return
    const last = groups.at(-1)
    if (last?.every((one) => readsOnly(one.call)) && readsOnly(call)) last.push({ call, index })
    else groups.push([{ call, index }])
  })
  return groups
}

function isFinish(call: ReadCall): boolean {
  return call.kind === 'call' && call.granted.kind === 'finish'
}

function readsOnly(call: ReadCall): boolean {
  return call.kind === 'call' && call.granted.kind === 'act' && call.granted.tool.readOnly
}

function callsPossible({ callsLeft }: CallServices): number {
  return Math.min(callsLeft, callsAtOnce)
}

/** What came of a call before the state knows of it. */
type Acted =
  | { readonly outcome?: undefined; readonly problem?: string }
  | { readonly outcome: ToolOutcome; readonly tool: AgentTool }

async function act(state: AgentState, call: ReadCall, index: number, services: CallServices): Promise<Acted> {
  const possible = callsPossible(services)
  if (index >= possible) return { problem: `only ${possible} calls were possible in this answer` }
  if (call.kind === 'refused') await refuse(call, index, services)
  if (call.kind !== 'call' || call.granted.kind !== 'act') return {}
  const { tool } = call.granted
  const whole = tool.inputFor(call.input, state.tree)
  if ('problem' in whole) {
    await refuse(call, index, services, whole.problem)
    return { problem: whole.problem }
  }
  const outcome = await services.acts.perform({
    tool: tool.name,
    input: whole.input,
    key: callKey(services, index),
    signal: services.signal,
  })
  return { outcome, tool }
}

async function refuse(call: ReadCall, index: number, services: CallServices, why?: string): Promise<void> {
  await services.acts.refuse({
    tool: call.kind === 'call' ? call.granted.name : call.tool,
    input: call.kind === 'call' ? call.input : { written: call.written },
    key: callKey(services, index),
    signal: services.signal,
    ...(why === undefined ? {} : { why }),
  })
}

function settle(
  state: AgentState,
  call: ReadCall,
  index: number,
  acted: Acted,
  services: CallServices,
): Done {
  const treeBefore = state.tree
  if (acted.outcome !== undefined) return settleAct(state, call, index, acted, services)
  if (call.kind === 'refused')
    return {
      state,
      call,
      treeBefore,
      failed: true,
      text: `There is no tool ${oneLine(call.tool, 64)} for you.`,
    }
  if (call.kind === 'malformed')
    return { state, call, treeBefore, failed: true, malformed: true, text: `Not performed: ${call.problem}.` }
  if (acted.problem !== undefined)
    return { state, call, treeBefore, failed: true, malformed: true, text: `Not performed: ${acted.problem}` }
  return performOwn(state, call, index, services)
}

function settleAct(
  before: AgentState,
  call: ReadCall,
  index: number,
  { outcome, tool }: { readonly outcome: ToolOutcome; readonly tool: AgentTool },
  services: CallServices,
): Done {
  const { resultTokens, turn } = services
  const handle = `${turn}.${index + 1}`
  const treeBefore = before.tree
  if (outcome.kind === 'failed') {
    const { code, message, remedy } = outcome.error
    const { text } = elide(`${message}\n${remedy}`, resultTokens, handle)
    return {
      state: before,
      call,
      treeBefore,
      failed: true,
      text: `Failed (${code}).\n${asData(tool.name, text)}`,
    }
  }
  const { tree, tests: ranTests } = tool.observe(outcome.output, call.kind === 'call' ? call.input : {})
  const tests = ranTests && {
    ...ranTests,
    failing: ranTests.failing.filter(({ id }) => !services.failingAnyway.has(id)),
  }
  let state = tree === undefined ? before : { ...before, tree }
  if (tests !== undefined) state = withTests(state, tests)
  const whole = tool.present(outcome.output).slice(0, keptCharacters)
  const { text, elided } = elide(whole, resultTokens, handle)
  if (elided) state = withOutput(state, handle, whole)
  const ran = tests?.failing.map(({ id }) => id)
  return { state, call, treeBefore, failed: false, text: asData(tool.name, text), whole, ran }
}

function gather(
  state: AgentState,
  calls: readonly ReadCall[],
  done: ReadonlyMap<number, Done>,
): PerformedCalls {
  const inOrder = calls.flatMap((_, index) => done.get(index) ?? [])
  const nameOf = (call: ReadCall): string => (call.kind === 'call' ? call.granted.name : call.tool)
  const modelName = (call: ReadCall): string =>
    call.kind === 'call' && call.granted.kind === 'act'
      ? call.granted.tool.modelTool.name
      : nameOf(call).replace('.', '_')
  return {
    state,
    results: inOrder.map(({ call, text, failed }) => ({ id: call.id, tool: modelName(call), text, failed })),
    notes: inOrder.map(({ call, failed, ran, state: after, treeBefore }) => ({
      tool: nameOf(call),
      subject: call.kind === 'call' ? subjectOf(call.input) : '',
      failed,
      changed: after.tree !== treeBefore,
      ran,
    })),
    actions: inOrder.map(({ call, treeBefore }) =>
      digestOfValue([nameOf(call), call.kind === 'call' ? call.input : call.written, treeBefore]),
    ),
    resultDigests: inOrder.map(({ call, text, whole = text }) => digestOfValue([nameOf(call), whole])),
    testRuns: inOrder.flatMap(({ ran }) => (ran === undefined ? [] : [ran])),
    malformed: inOrder.filter(({ malformed }) => malformed === true).length,
    question: inOrder.find(({ question }) => question !== undefined)?.question,
    finished: inOrder.find(({ finished }) => finished !== undefined)?.finished,
  }
}
