import { naturalFinish } from './answer.ts'
import type { Answer, AnswerPart } from './answer.ts'
import { joinText, latestResults, latestText, turnNumber, wholeText } from './conversation.ts'
import type { Conversation, OfferedTool } from './conversation.ts'
import { Denial } from './denial.ts'
import { withCommand } from './schema-sample.ts'
import type { Condition, Scenario, Step } from './scenario.ts'
import { filled, filledDeep } from './templates.ts'
import type { GivenName } from './templates.ts'

/** A step that answers a conversation. */
export interface Match {
  readonly scenario: Scenario
  readonly step: Step
  /** From 1, for the log. */
  readonly position: number
  readonly values: ReadonlyMap<string, string>
}

/** The first step that fits, or why there is none. */
export type Selection = { readonly found: Match } | { readonly found: undefined; readonly why: string }

/** Finds who answers. A model that bears the name of a scenario selects that one, whatever else would fit. */
export function selectStep(scenarios: readonly Scenario[], conversation: Conversation): Selection {
  const { model } = conversation
  const named = scenarios.filter(({ name }) => model === name || model.endsWith(`/${name}`))
  const candidates =
    named.length > 0
      ? named
      : scenarios.filter(({ models }) => models.some((glob) => globOf(glob).test(model)))
  for (const scenario of candidates)
    for (const [index, step] of scenario.steps.entries()) {
      if (!holds(step.when, conversation)) continue
      const values = capture(step, conversation)
      if (values !== undefined) return { found: { scenario, step, position: index + 1, values } }
    }
  return { found: undefined, why: explain(candidates, conversation) }
}

function explain(candidates: readonly Scenario[], conversation: Conversation): string {
  const { model, tools } = conversation
  if (candidates.length === 0) return `no scenario answers for the model ${JSON.stringify(model)}`
  const last = latestText(conversation)
  const shown = last.length > 200 ? `${last.slice(0, 200)}…` : last
  const names = candidates.map(({ name }) => name).join(', ')
  const offered = tools.length > 0 ? tools.map(({ name }) => name).join(', ') : 'no tools'
  return `no step of ${names} fits turn ${turnNumber(conversation)} with ${offered}, after ${JSON.stringify(shown)}`
}

const globs = new Map<string, RegExp>()

function globOf(glob: string): RegExp {
  const known = globs.get(glob)
  if (known) return known
  const parts = glob.split('*').map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
  const pattern = new RegExp(`^${parts.join('.*')}$`, 's')
  globs.set(glob, pattern)
  return pattern
}

function holds(when: Condition, conversation: Conversation): boolean {
  const { turn, every, last, result, system, anywhere, offers, tools, model, protocol } = when
  const number = turnNumber(conversation)
  const offered = new Set(conversation.tools.map(({ name }) => name))
  return (
    (turn === undefined || (turn.from <= number && number <= turn.to)) &&
    (number - (turn?.from ?? 1)) % every === 0 &&
    (last === undefined || last.test(latestText(conversation))) &&
    (system === undefined || system.test(conversation.system)) &&
    (anywhere === undefined || anywhere.test(wholeText(conversation))) &&
    (model === undefined || model.test(conversation.model)) &&
    (protocol === undefined || protocol === conversation.protocol) &&
    (tools === undefined || tools === offered.size > 0) &&
    (offers === undefined || offers.every((name) => offered.has(name))) &&
    (result === undefined ||
      latestResults(conversation).some(
        ({ tool, text }) => (result.tool === undefined || result.tool === tool) && result.matches.test(text),
      ))
  )
}

function capture(step: Step, conversation: Conversation): ReadonlyMap<string, string> | undefined {
  const results = joinText(latestResults(conversation).map(({ text }) => text))
  const given: Record<GivenName, string> = {
    last: latestText(conversation),
    results,
    turn: String(turnNumber(conversation)),
    model: conversation.model,
  }
  const values = new Map<string, string>(Object.entries(given))
  for (const [name, { from, matches }] of Object.entries(step.capture)) {
    const sources = {
      last: () => given.last,
      results: () => results,
      system: () => conversation.system,
      anywhere: () => wholeText(conversation),
    }
    const match = matches.exec(sources[from]())
    if (match === null) return undefined
    values.set(name, match[1] ?? match[0])
  }
  return values
}

/** The answer of a step, with captured values in their places; usage is still to be counted. */
export function writeAnswer({ step, values }: Match, conversation: Conversation, id: string): Answer {
  const offered = new Set(conversation.tools.map(({ name }) => name))
  const parts = step.answer.map((part, index): AnswerPart => {
    const callId = `call_${id}_${index}`
    if (part.kind === 'text' || part.kind === 'reasoning')
      return { kind: part.kind, text: filled(part.text, values) }
    if (part.kind === 'shell')
      return { kind: 'call', id: callId, ...shellCall(conversation.tools, filled(part.command, values)) }
    const [first] = part.alternatives
    const { tool, input } = part.alternatives.find((one) => offered.has(one.tool)) ??
      first ?? { tool: '', input: {} }
    const written = filledDeep(input, values)
    const text = typeof written === 'string' ? written : JSON.stringify(written)
    return { kind: 'call', id: callId, tool, input: text }
  })
  return { parts, finish: step.finish ?? naturalFinish(parts), usage: undefined }
}

const runsCommands = /shell|bash|exec|command|terminal/i

/** Calls the tool on offer that runs commands, whatever its name and the name of its argument. */
function shellCall(tools: readonly OfferedTool[], command: string): { tool: string; input: string } {
  for (const { name, schema } of tools.filter((tool) => runsCommands.test(tool.name))) {
    const input = withCommand(schema, command)
    if (input !== undefined) return { tool: name, input: JSON.stringify(input) }
  }
  const offered = tools.map(({ name }) => name).join(', ') || 'none'
  throw Denial.unmatched(`the scenario runs a command, and of the tools on offer (${offered}) none does`)
}
