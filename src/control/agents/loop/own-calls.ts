import { asData } from '../data.ts'
import type { ExpectedResult } from '../results/index.ts'
import { oneLine } from './brief.ts'
import { page } from './elision.ts'
import { askInputSchema, moreInputSchema, planInputSchema } from './own-tools.ts'
import type { AgentActs, JsonValue } from './ports.ts'
import type { ReadCall } from './read-answer.ts'
import { type AgentState, withPlan } from './state.ts'

/** What the calls of one turn are performed with. */
export interface CallServices {
  readonly acts: AgentActs
  readonly signal: AbortSignal
  /** Prefix of the keys of this turn's calls. */
  readonly key: string
  readonly turn: number
  readonly replies: Readonly<Record<string, string>>
  readonly result: ExpectedResult
  readonly startTree: string
  /** Tests whose failing says nothing about the work. */
  readonly failingAnyway: ReadonlySet<string>
  /** Calls that may still be made. */
  readonly callsLeft: number
  /** Tokens of one result. */
  readonly resultTokens: number
}

/** A question that waits for a person; `id` is what the reply has to name. */
export interface PersonQuestion {
  readonly id: string
  readonly question: string
  readonly why: string
  readonly options: readonly string[]
}

/** A call with what came of it, and the state after it. */
export interface Done {
  readonly state: AgentState
  readonly call: ReadCall
  readonly text: string
  /** The whole of what `text` shows in part. */
  readonly whole?: string
  readonly failed: boolean
  readonly malformed?: boolean
  readonly ran?: readonly string[] | undefined
  readonly treeBefore: string
  readonly question?: PersonQuestion
  readonly finished?: { readonly result: JsonValue }
  /** What the studio has seen and a claim denies. */
  readonly contradiction?: string
}

/** The key of a call is its place in the conversation: recovery asks for the same again. */
export function callKey({ key }: CallServices, index: number): string {
  return `${key}:call-${index + 1}`
}

/** Performs a call of one of the loop's own tools. */
export function performOwn(
  state: AgentState,
  call: ReadCall & { readonly kind: 'call' },
  index: number,
  services: CallServices,
): Done {
  const treeBefore = state.tree
  const said = (next: AgentState, text: string): Done => ({
    state: next,
    call,
    treeBefore,
    failed: false,
    text,
  })
  const refused = (problem: string): Done => ({
    ...said(state, `Not performed: ${problem}`),
    failed: true,
    malformed: true,
  })
  switch (call.granted.name) {
    case 'more': {
      const input = moreInputSchema.safeParse(call.input)
      if (!input.success) return refused(input.error.message)
      const { handle, from } = input.data
      const text = state.outputs.get(handle)
      if (text === undefined)
        return refused(`there is no result ${oneLine(handle, 20)} any more; call its tool again`)
      return said(state, asData(`result ${handle}`, page(text, from, services.resultTokens, handle)))
    }
    case 'notes.plan': {
      const input = planInputSchema.safeParse(call.input)
      return input.success ? said(withPlan(state, input.data), 'Noted.') : refused(input.error.message)
    }
    default: {
      const input = askInputSchema.safeParse(call.input)
      if (!input.success) return refused(input.error.message)
      const id = callKey(services, index)
      const answer = services.replies[id]
      const question = { id, ...input.data }
      if (answer === undefined) return { ...said(state, 'A person was asked.'), question }
      const replies = [...state.replies, { question: oneLine(input.data.question, 300), answer }]
      return said({ ...state, replies }, `A person answers:\n${answer}`)
    }
  }
}

/** Ends the work if the result is one, and nothing in the same answer failed. */
export function finish(
  state: AgentState,
  call: ReadCall,
  failedBefore: boolean,
  services: CallServices,
): Done {
  const treeBefore = state.tree
  const refused = (text: string): Done => ({ state, call, treeBefore, failed: true, malformed: true, text })
  if (failedBefore)
    return {
      ...refused(
        'Not ended: another call of the same answer failed. See what came of it, then call finish by itself.',
      ),
      malformed: false,
    }
  const checked = services.result.check(call.kind === 'call' ? call.input : undefined, {
    changed: state.tree !== services.startTree,
    failing: [...state.failing.keys()],
  })
  if (!checked.ok) {
    const { problem, contradicts } = checked
    return { ...refused(`Not ended: ${problem}`), ...(contradicts ? { contradiction: problem } : {}) }
  }
  return { state, call, treeBefore, failed: false, text: 'Done.', finished: { result: checked.value } }
}
